use std::{fmt, sync::Arc};

use super::{Limiter, Limits};

/// The right of one call to be in flight.
///
/// Dropping a permit gives it to the request that waits first, or back to the limiter. There is no other way to return
/// one, so a panic and a dropped future return it too.
pub(crate) struct Permit<L: Limits = Limiter> {
    owner: Arc<L>,
    /// The value of the call in the word.
    call: u64,
}

impl<L: Limits> Permit<L> {
    /// Creates the permit of a call that the word already counts.
    #[inline]
    pub(super) const fn new(owner: Arc<L>, call: u64) -> Self {
        Self { owner, call }
    }

    /// Returns the value that contains the limiter.
    #[inline]
    pub(crate) const fn owner(&self) -> &Arc<L> {
        &self.owner
    }
}

impl<L: Limits> Drop for Permit<L> {
    #[inline]
    fn drop(&mut self) {
        self.owner.limiter().release(self.call);
    }
}

impl<L: Limits> fmt::Debug for Permit<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
