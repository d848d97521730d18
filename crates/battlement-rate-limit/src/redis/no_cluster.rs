//! In the place of clusters where they are not built in.

#[cfg(feature = "serde")]
use super::Builder;
#[cfg(feature = "serde")]
use crate::InvalidField;

#[cfg(feature = "serde")]
pub(super) fn builder(_: Vec<String>) -> Result<Builder, InvalidField> {
    Err(InvalidField::new("url", "a list of nodes needs the feature redis-cluster"))
}
