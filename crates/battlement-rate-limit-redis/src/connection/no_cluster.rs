//! A replacement for cluster support where the feature is disabled.

#[cfg(feature = "serde")]
use battlement_core::InvalidField;

#[cfg(feature = "serde")]
use super::target::Server;

#[cfg(feature = "serde")]
pub(crate) fn target(_: Vec<String>) -> Result<Server, InvalidField> {
    Err(InvalidField::new(
        "url",
        "must be a single URL; a list of nodes requires the feature `redis-cluster`",
    ))
}
