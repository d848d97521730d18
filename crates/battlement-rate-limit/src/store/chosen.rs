use std::fmt;

use super::{
    answer::{Answer, Later},
    sealed::Sealed,
};
use crate::StoreError;

/// The answer of a store that is chosen at run time, [`MemoryOr`](crate::MemoryOr). It is awaited as [`Later`] is.
#[must_use = "futures do nothing unless polled"]
pub struct Chosen<T>(pub(super) Later<T>);

impl<T: Send + 'static> IntoFuture for Chosen<T> {
    type Output = Result<T, StoreError>;
    type IntoFuture = Later<T>;

    fn into_future(self) -> Later<T> {
        self.0
    }
}

impl<T: Send + 'static> Answer<T> for Chosen<T> {
    type Value = Later<T>;

    fn into_value(self) -> Later<T> {
        self.0
    }

    #[inline]
    fn into_later(self) -> Later<T> {
        self.0
    }
}

impl<T> Sealed for Chosen<T> {}

impl<T> fmt::Debug for Chosen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen").finish_non_exhaustive()
    }
}
