use std::{fmt, sync::Arc};

use battlement_core::{DropReason, Failure, Verdict};
use tokio::time::Instant;

use crate::{adaptive::Sample, limiter::Permit, shared::Shared};

/// An admitted call, which holds a permit.
///
/// The future owns the call. For HTTP, the body then holds the permit.
pub struct Call {
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "given back in its drop"))]
    pub(crate) permit: Permit,
    pub(crate) watch: Option<Watch>,
}

/// The part of a call that only an adaptive limit, or a closure of the response, needs.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    /// `None` if the limit is fixed, and once the sample was taken.
    sample: Option<Sample>,
}

impl Call {
    /// Creates a call of a fixed limit.
    #[inline]
    pub(crate) const fn new(permit: Permit) -> Self {
        Self { permit, watch: None }
    }

    /// Creates a call whose head is watched.
    #[inline]
    pub(crate) fn watched(permit: Permit, shared: &Arc<Shared>, sample: Option<Sample>) -> Self {
        Self { permit, watch: Some(Watch { shared: Arc::clone(shared), sample }) }
    }

    /// Returns whether the result of the call is a sample.
    #[inline]
    pub(crate) const fn is_watched(&self) -> bool {
        matches!(&self.watch, Some(watch) if watch.has_sample())
    }

    /// Takes the sample of the call, which has this verdict.
    #[inline]
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        if let Some(watch) = &mut self.watch {
            watch.settle(verdict);
        }
    }
}

impl Watch {
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    #[inline]
    pub(crate) const fn has_sample(&self) -> bool {
        self.sample.is_some()
    }

    /// Takes the sample of the call, which has this verdict.
    #[inline]
    pub(crate) fn settle(&mut self, verdict: Verdict) {
        let Some(sample) = self.sample.take() else { return };
        match verdict {
            Verdict::Success => self.shared.answered(sample, Instant::now()),
            Verdict::Failure(Failure::Timeout | Failure::Overload { .. }) => {
                self.shared.dropped(sample, Instant::now());
            }
            // The latency of a failure says nothing about the load.
            _ => {}
        }
    }
}

/// A call that is dropped before its head counts as dropped if a timeout dropped it, and otherwise not at all, since its
/// caller left.
impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        if self.sample.is_some() && DropReason::current() == Some(DropReason::Timeout) {
            self.settle(Verdict::Failure(Failure::Timeout));
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("is_watched", &self.is_watched()).finish_non_exhaustive()
    }
}
