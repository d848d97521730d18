use std::fmt;

use battlement_core::{DropReason, Failure, Verdict};
use tokio::time::Instant;

use crate::{adaptive::Sample, limiter::Permit, shared::Shared};

/// A call that the service was asked for. If it counts, it holds a permit.
///
/// The future owns the call. For HTTP, the body then holds the permit.
pub struct Call {
    /// `None` if the call does not count, and once the body or nothing holds the permit.
    pub(crate) permit: Option<Permit<Shared>>,
    /// `None` if the limit is fixed, and once the sample was taken.
    sample: Option<Sample>,
}

impl Call {
    /// Creates an admitted call.
    #[inline]
    pub(crate) const fn new(permit: Permit<Shared>, sample: Option<Sample>) -> Self {
        Self { permit: Some(permit), sample }
    }

    /// Creates a call that does not count.
    #[inline]
    pub(crate) const fn uncounted() -> Self {
        Self { permit: None, sample: None }
    }

    /// Returns whether the result of the call is a sample.
    #[inline]
    pub(crate) const fn is_watched(&self) -> bool {
        self.sample.is_some()
    }

    /// Takes the sample of the call, which has this verdict.
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Success => self.succeed(),
            Verdict::Failure(Failure::Timeout | Failure::Overload { .. }) => {
                if let (Some(permit), Some(sample)) = (&self.permit, self.sample.take()) {
                    permit.owner().dropped(sample, Instant::now());
                }
            }
            // The latency of a failure says nothing about the load.
            _ => self.sample = None,
        }
    }

    /// Takes the sample of the call, which was a success.
    #[inline(always)]
    pub(crate) fn succeed(&mut self) {
        if let (Some(permit), Some(sample)) = (&self.permit, self.sample.take())
            && sample.is_timed()
        {
            permit.owner().answered(sample, Instant::now());
        }
    }

    /// Gives the permit back.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.permit = None;
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        // Checked here, so that a call that has ended is dropped without a call of a function.
        if let Some(permit) = self.permit.take() {
            dropped(permit, self.sample.take());
        }
    }
}

/// Ends a call that was dropped. Before its head, it counts as dropped if a timeout dropped it, and otherwise not at all,
/// since its caller left.
#[inline(never)]
fn dropped(permit: Permit<Shared>, sample: Option<Sample>) {
    if let Some(sample) = sample
        && DropReason::current() == Some(DropReason::Timeout)
    {
        permit.owner().dropped(sample, Instant::now());
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("is_watched", &self.is_watched()).finish_non_exhaustive()
    }
}
