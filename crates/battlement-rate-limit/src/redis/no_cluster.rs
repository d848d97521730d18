//! A replacement for cluster support where the feature is disabled.

#[cfg(feature = "serde")]
use super::Builder;
#[cfg(feature = "serde")]
use crate::InvalidField;

#[cfg(feature = "serde")]
pub(super) fn builder(_: Vec<String>) -> Result<Builder, InvalidField> {
    Err(InvalidField::new(
        "url",
        "must be a single URL; a list of nodes requires the feature `redis-cluster`",
    ))
}
