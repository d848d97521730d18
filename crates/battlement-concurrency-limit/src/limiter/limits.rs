use std::sync::Arc;

use tokio::time::Instant;

use super::{Limiter, Permit, Waiting};
use crate::Reason;

/// A value that contains a limiter.
///
/// Permits and waiting requests hold it, so that one pointer of a call leads to its limiter and to all else that calls
/// share.
pub(crate) trait Limits: Sized {
    /// Returns the limiter.
    fn limiter(&self) -> &Limiter;

    /// Admits a call, or returns `None` if the limit is reached, or if the call would overtake a waiter of its class or a
    /// higher one.
    #[inline(always)]
    fn acquire(self: &Arc<Self>, class: usize) -> Option<Permit<Self>> {
        let call = self.limiter().enter(class)?;
        Some(Permit::new(Arc::clone(self), call))
    }

    /// Adds a request to the queue. A permit that is free by now is granted at once.
    ///
    /// # Errors
    ///
    /// If the queue is full with requests of the same class and higher ones, or if the request would get its permit
    /// after its deadline.
    fn enqueue(
        self: &Arc<Self>,
        class: usize,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Result<Waiting<Self>, Reason> {
        self.limiter().add(class, now, deadline, |class, wait, key| {
            Waiting::new(Arc::clone(self), class, wait, key)
        })
    }
}

impl Limits for Limiter {
    fn limiter(&self) -> &Limiter {
        self
    }
}
