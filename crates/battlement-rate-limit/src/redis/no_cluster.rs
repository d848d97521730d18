//! In the place of clusters where they are not built in.

#[cfg(feature = "serde")]
use super::Builder;
#[cfg(feature = "serde")]
use crate::Mistake;

#[cfg(feature = "serde")]
pub(super) fn builder(_: Vec<String>) -> Result<Builder, Mistake> {
    Err(Mistake::new("url", "a list of nodes needs the feature redis-cluster"))
}
