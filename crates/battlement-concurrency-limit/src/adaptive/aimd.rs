use std::time::Duration;

use crate::{Algorithm, Window};

/// The share of the limit that remains after a window with drops.
const BACKOFF: f64 = 0.9;

/// Additive increase, multiplicative decrease: the algorithm of
/// [`aimd`](crate::ConcurrencyLimitLayer::aimd).
///
/// The limit grows by one for each window in which at least half of it was in use, and shrinks by a tenth after a window
/// in which a call was dropped. The algorithm needs a timeout inside the layer, or a service that rejects calls: without
/// drops, the limit grows to its maximum under overload.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_concurrency_limit::{Aimd, ConcurrencyLimitLayer};
///
/// let layer = ConcurrencyLimitLayer::algorithm(Aimd::new().latency_threshold(Duration::from_secs(1)));
/// # fn drop_it<T>(_: T) {}
/// # drop_it(layer);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Aimd {
    threshold: Option<Duration>,
}

impl Aimd {
    /// Creates the algorithm without a latency threshold.
    #[must_use]
    pub const fn new() -> Self {
        Self { threshold: None }
    }

    /// Sets the mean latency of a window above which the limit shrinks.
    ///
    /// There is none by default. A threshold within the natural spread of latency makes the limit shrink while the
    /// service is well, for good: set it to several times the latency without load.
    #[must_use]
    pub const fn latency_threshold(mut self, threshold: Duration) -> Self {
        self.threshold = Some(threshold);
        self
    }
}

impl Algorithm for Aimd {
    fn on_window(&mut self, window: Window) -> usize {
        let is_slow = self.threshold.is_some_and(|threshold| window.latency > threshold);
        if window.dropped > 0 || is_slow {
            (window.limit as f64 * BACKOFF) as usize
        } else if window.is_in_use() {
            window.limit + 1
        } else {
            window.limit
        }
    }
}
