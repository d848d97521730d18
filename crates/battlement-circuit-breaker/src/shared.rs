use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
};

use tokio::time::Instant;

use crate::{
    config::Config,
    open_for::nanos,
    trip::{Over, Rate},
};

/// The settings that all breakers of a layer share, replaceable at run time.
#[derive(Debug)]
pub(crate) struct Shared {
    start: Instant,
    config: RwLock<Config>,
    hot: Hot,
}

/// A copy of the settings that each call reads, without a lock.
#[derive(Debug, Default)]
struct Hot {
    /// The length of a bucket of the time window.
    step: AtomicU64,
    /// Whether any of the further settings is not 0.
    more: AtomicBool,
    /// Whether any ring is used.
    by_calls: AtomicBool,
    /// The calls of the ring of failures.
    calls: AtomicU32,
    /// The calls of the ring of slow calls.
    slow_calls: AtomicU32,
    /// The length of a bucket of the slow calls.
    slow_step: AtomicU64,
    /// The time above which a call is slow, or 0 if no trip looks at it.
    slow_after: AtomicU64,
}

/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        let hot = Hot::default();
        hot.store(&config);
        Arc::new(Self { start: Instant::now(), config: RwLock::new(config), hot })
    }

    /// Returns the current settings.
    pub(crate) fn config(&self) -> Config {
        *self.config.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the settings. Each breaker must be [renewed](crate::breaker::Breaker::renew) afterwards.
    pub(crate) fn replace(&self, config: Config) {
        let mut held = self.config.write().unwrap_or_else(PoisonError::into_inner);
        *held = config;
        self.hot.store(&config);
    }

    /// Returns the nanoseconds from the start to `now`.
    #[inline]
    pub(crate) fn tick(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start);
        // 64 bits hold 584 years.
        since.as_secs().wrapping_mul(SECOND).wrapping_add(u64::from(since.subsec_nanos()))
    }

    /// Returns the slot of the time window.
    #[inline]
    pub(crate) fn slot(&self, tick: u64) -> u64 {
        tick.checked_div(self.hot.step.load(Relaxed)).unwrap_or(0)
    }

    /// Returns the slot of the window of slow calls, if there is one.
    #[inline]
    pub(crate) fn slow_slot(&self, tick: u64) -> Option<u64> {
        tick.checked_div(self.hot.slow_step.load(Relaxed))
    }

    /// Returns whether calls are counted by more than the time window.
    #[inline]
    pub(crate) fn counts_more(&self) -> bool {
        self.hot.more.load(Relaxed)
    }

    /// Returns whether calls are counted by a ring of calls.
    #[inline]
    pub(crate) fn counts_calls(&self) -> bool {
        self.hot.by_calls.load(Relaxed)
    }

    /// Returns whether a slow rate is set, so that the time to the response head matters.
    #[inline]
    pub(crate) fn is_timing(&self) -> bool {
        self.hot.slow_after.load(Relaxed) != 0
    }

    /// Returns whether a response head after so many nanoseconds is slow; never without a slow rate.
    pub(crate) fn is_slow(&self, waited: u64) -> bool {
        let limit = self.hot.slow_after.load(Relaxed);
        limit != 0 && waited > limit
    }

    /// Returns the number of calls in the ring of failures, and in that of slow calls; 0 for none.
    pub(crate) fn rings(&self) -> (usize, usize) {
        let of = |calls: &AtomicU32| usize::try_from(calls.load(Relaxed)).unwrap_or(0);
        (of(&self.hot.calls), of(&self.hot.slow_calls))
    }
}

impl Hot {
    fn store(&self, config: &Config) {
        let calls = |rate: Option<Rate>| match rate.map(Rate::window) {
            Some(Over::Calls(calls)) => calls,
            _ => 0,
        };
        let trip = &config.trip;
        self.step.store(trip.step(), Relaxed);
        let (failures, slow) = (calls(trip.calls), calls(trip.slow));
        self.calls.store(failures, Relaxed);
        self.slow_calls.store(slow, Relaxed);
        self.by_calls.store(failures > 0 || slow > 0, Relaxed);
        self.slow_step.store(trip.slow_step(), Relaxed);
        let slow_after = trip.slow.map_or(0, |_| nanos(config.slow_after));
        self.slow_after.store(slow_after, Relaxed);
        self.more.store(trip.calls.is_some() || trip.slow.is_some(), Relaxed);
    }
}
