use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use battlement_core::{ConfigError, InvalidField};
use tokio::time::Instant;

mod window;

#[cfg(test)]
mod tests;

use self::window::Window;

/// Client-side adaptive throttling: rejects calls locally while the upstream rejects most of them.
///
/// After "Handling Overload" in Google's *Site Reliability Engineering*: a call is rejected with the probability
/// `(requests - k * accepts) / (requests + 1)`, counted over a window. An upstream that rejects most calls then spends
/// less on rejections. Two rules are added:
///
/// - Calls are throttled only while the calls sent exceed `k` times the accepted ones. The formula alone, which also
///   counts the calls that were rejected locally, would throttle for several windows after the upstream is well.
/// - The probability is at most 0.9, and 0 before 100 calls were sent in the window. A tenth of the calls always passes,
///   to find out that the upstream is well.
///
/// A call counts when it begins, so that an upstream that does not answer is throttled before the calls time out. An
/// answer counts for the time at which its call began. So the window must be at least as long as the longest time limit
/// of a call: otherwise, slow accepted calls would look rejected.
///
/// Clones share the counts. The type is pure: the time and the random number are arguments.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_retry::Throttle;
/// use tokio::time::Instant;
///
/// let throttle = Throttle::new(2.0, Duration::from_secs(120));
/// let now = Instant::now();
/// for _ in 0..100 {
///     // The call is sent, and the upstream rejects it.
///     drop(throttle.begin(now, 0).expect("is sent"));
/// }
/// assert!(throttle.begin(now, 0).is_none());
/// assert!(throttle.begin(now, u64::MAX).is_some());
/// ```
#[derive(Clone)]
pub struct Throttle {
    shared: Arc<Shared>,
}

struct Shared {
    k: f64,
    start: Instant,
    step: Duration,
    window: Mutex<Window>,
}

/// The subject of the errors.
const SETTINGS: &str = "throttle";

/// The highest probability of a local rejection.
const MOST: f64 = 0.9;

/// The number of sent calls in a window below which none is rejected.
const LEAST: u64 = 100;

impl Throttle {
    /// Creates a throttle that allows `k` calls per accepted one, at least 1, counted over `window`.
    ///
    /// # Panics
    ///
    /// If [`try_new`](Self::try_new) returns an error.
    #[must_use]
    pub fn new(k: f64, window: Duration) -> Self {
        Self::try_new(k, window).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a throttle, or returns every error; see [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// If `k` is not a number from 1, or if `window` is shorter than a second or longer than a day.
    pub fn try_new(k: f64, window: Duration) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        if !(k >= 1.0 && k.is_finite()) {
            errors.push(InvalidField::new("k", format!("must be at least 1, got {k}")));
        }
        let (least, most) = (Duration::from_secs(1), Duration::from_secs(86_400));
        if !(least..=most).contains(&window) {
            errors.push(InvalidField::new("window", format!("must be 1s to 1d, got {window:?}")));
        }
        // An answer may be as late as the window is long, so the oldest step must still be counted as a whole.
        let step = window / u32::try_from(window::STEPS).unwrap_or(1);
        ConfigError::check(SETTINGS, errors, ())?;
        let (start, window) = (Instant::now(), Mutex::default());
        Ok(Self { shared: Arc::new(Shared { k, start, step, window }) })
    }

    /// Begins a call, or returns `None` if the call must be rejected without being sent.
    ///
    /// `random` is a number that is drawn for this call, evenly from all of `u64`.
    #[must_use]
    pub fn begin(&self, now: Instant, random: u64) -> Option<ThrottleTicket> {
        let slot = self.slot(now);
        let mut window = self.lock();
        let counts = window.counts(slot);
        let (sent, accepted) = (counts.sent as f64, counts.accepted as f64);
        let is_throttled = counts.sent >= LEAST && sent > self.shared.k * accepted;
        let passes = !is_throttled || share(random) >= self.probability(counts.calls, accepted);
        let slot = window.record(slot, passes);
        passes.then(|| ThrottleTicket { throttle: self.clone(), slot })
    }

    /// Returns the probability of a local rejection.
    fn probability(&self, calls: u64, accepted: f64) -> f64 {
        let calls = calls as f64;
        ((calls - self.shared.k * accepted) / (calls + 1.0)).min(MOST)
    }

    fn slot(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.shared.start);
        let steps = since.as_nanos() / self.shared.step.as_nanos().max(1);
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.shared.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls per accepted one of the book.
pub(crate) const K: f64 = 2.0;

/// The window of the book.
pub(crate) const WINDOW: Duration = Duration::from_secs(120);

impl Default for Throttle {
    /// Creates the throttle of the book: twice the accepted calls, over two minutes.
    fn default() -> Self {
        Self::new(K, WINDOW)
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { k, step, .. } = &*self.shared;
        let window = *step * u32::try_from(window::STEPS).unwrap_or(1);
        f.debug_struct("Throttle").field("k", k).field("window", &window).finish_non_exhaustive()
    }
}

/// A call that a [`Throttle`] has let pass.
///
/// A ticket that is dropped is a call that the upstream did not accept, unless it is [cancelled](Self::cancel).
#[derive(Debug)]
#[must_use = "a ticket that is dropped is a call that the upstream did not accept"]
pub struct ThrottleTicket {
    throttle: Throttle,
    slot: u64,
}

impl ThrottleTicket {
    /// Records that the upstream accepted the call: its answer is not a rejection for overload, nor a failure.
    pub fn accept(self) {
        self.throttle.lock().accept(self.slot);
    }

    /// Removes a call that did not reach the upstream from the counts: it was dropped before it was sent, or another
    /// local layer rejected it.
    pub fn cancel(self) {
        self.throttle.lock().cancel(self.slot);
    }
}

/// Scales a random number to at least 0 and less than 1.
fn share(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}
