use std::{fmt, sync::Arc};

use crate::{Snapshot, shared::Shared};

mod run;

/// A handle that reads and changes the state of a layer at run time, created by
/// [`ConcurrencyLimitLayer::pair`](crate::ConcurrencyLimitLayer::pair).
///
/// # Example
///
/// ```
/// use battlement_concurrency_limit::ConcurrencyLimitLayer;
///
/// let (layer, payments) = ConcurrencyLimitLayer::fixed(16).pair();
/// payments.set_limit(8); // as for planned maintenance of the upstream
/// let now = payments.snapshot();
/// assert_eq!((now.limit, now.in_flight, now.queued), (8, 0, 0));
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    /// The index of the class of the futures that the handle runs.
    class: usize,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let class = shared.classes().default_class();
        Self { shared, class }
    }

    /// Returns the name of the limit.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shared.name()
    }

    /// Returns the state now: the limit, and the calls in flight and in the queue, also by class.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Sets the limit. An adaptive limit goes on from there, unless it is [held](Self::hold), and returns into its
    /// [bounds](crate::ConcurrencyLimitLayer::bounds) with the next decision.
    ///
    /// Calls in flight beyond a smaller limit go on; no further call is admitted until there are fewer.
    ///
    /// # Panics
    ///
    /// If `limit` is 0, or more than can be counted; see [`fixed`](crate::ConcurrencyLimitLayer::fixed).
    pub fn set_limit(&self, limit: usize) {
        let most = self.shared.largest_limit();
        assert!((1..=most).contains(&limit), "`limit` must be 1 to {most}, got {limit}");
        self.shared.set_limit(limit);
    }

    /// Sets whether an adaptive limit stays as it is: the algorithm counts, and does not act. A fixed limit is not
    /// affected.
    pub fn hold(&self, yes: bool) {
        self.shared.hold(yes);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("shared", &self.shared).finish_non_exhaustive()
    }
}
