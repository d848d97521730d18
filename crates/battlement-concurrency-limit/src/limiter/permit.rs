use std::{fmt, sync::Arc};

use super::Limiter;

/// The right of one call to be in flight.
///
/// Dropping a permit gives it to the request that waits first, or back to the limiter. There is no other way to return
/// one, so a panic and a dropped future return it too.
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    /// The value of the call in the word.
    call: u64,
}

impl Permit {
    /// Creates the permit of a call that the word already counts.
    #[inline]
    pub(super) const fn new(limiter: Arc<Limiter>, call: u64) -> Self {
        Self { limiter, call }
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        self.limiter.release(self.call);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}
