mod counts;
#[cfg(all(test, battlement_loom))]
mod model;
mod settle;
#[cfg(all(test, not(battlement_loom)))]
mod tests;
mod weight;

#[cfg(battlement_loom)]
use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(battlement_loom))]
use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};
use std::{
    sync::{PoisonError, TryLockError},
    time::Duration,
};

use tokio::time::Instant;

use self::counts::{Counts, Totals};
use crate::{Algorithm, LimitCause, Window};

/// The shortest window, in nanoseconds, and the fewest calls of one.
const LENGTH: u64 = 100_000_000;
const SAMPLES: u64 = 10;

/// From so many calls of a window on, only every eighth that is timed looks whether the window is over.
const MANY: u64 = 128;
const STRIDE: u64 = 8;

/// A call counts with at most this many times the mean latency of the window before, and at least 1 ms. Otherwise, one
/// request in a hundred whose body arrives over seconds would hide the latency of all others.
const LONGEST: u64 = 8;
const LEAST_LONGEST: u64 = 1_000_000;

/// The lowest bit of a sample's generation: the call is one of few that are timed. The generations of a sampler are even.
const COUNTS_FOR_MANY: u32 = 1;
const GENERATION: u32 = 2;

/// The collector of the calls of one layer.
///
/// A call that is timed costs two atomic read-modify-writes at its end and takes no lock. The call that ends a window
/// takes the lock of the algorithm; if another call holds it, that call decides.
pub(crate) struct Sampler {
    epoch: Instant,
    bounds: (usize, usize),
    /// Raised by [`GENERATION`] with each change of the limit, so that calls from before do not judge it.
    generation: AtomicU32,
    limit: AtomicUsize,
    /// The time before which calls do not count, since only the fastest have ended since the change of the limit; 0 once
    /// that time is over.
    from: AtomicU64,
    /// The time after which a window ends.
    due: AtomicU64,
    /// The latency above which a call counts with this latency.
    longest: AtomicU64,
    counts: Counts,
    is_full: AtomicBool,
    is_held: AtomicBool,
    judge: Mutex<Judge>,
}

/// The state of the call that ends a window.
struct Judge {
    algorithm: Box<dyn Algorithm>,
    /// The begin of the window.
    began: u64,
    /// The last change of the limit.
    changed: u64,
    /// The mean latency of the last window.
    latency: u64,
}

/// The begin of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// `None` if the call is not timed.
    start: Option<Instant>,
    /// The generation, and [`COUNTS_FOR_MANY`]: in one word, since every call moves its sample.
    generation: u32,
    in_flight: u32,
}

impl Sample {
    /// Returns whether an answer of the call counts.
    #[inline(always)]
    pub(crate) const fn is_timed(self) -> bool {
        self.start.is_some()
    }

    /// Returns the number of calls that the call counts for if it is answered.
    #[inline]
    const fn weight(self) -> u64 {
        if self.generation & COUNTS_FOR_MANY == 0 { 1 } else { weight::MANY }
    }
}

/// A new limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) limit: usize,
    pub(crate) cause: LimitCause,
}

impl Sampler {
    pub(crate) fn new(
        algorithm: Box<dyn Algorithm>,
        min: usize,
        max: usize,
        initial: usize,
        now: Instant,
    ) -> Self {
        Self {
            epoch: now,
            bounds: (min, max),
            generation: AtomicU32::new(0),
            limit: AtomicUsize::new(initial),
            from: AtomicU64::new(0),
            due: AtomicU64::new(LENGTH),
            longest: AtomicU64::new(u64::MAX),
            counts: Counts::default(),
            is_full: AtomicBool::new(false),
            is_held: AtomicBool::new(false),
            judge: Mutex::new(Judge { algorithm, began: 0, changed: 0, latency: 0 }),
        }
    }

    /// Begins a call, with which `in_flight` calls are in flight. Reads the clock if the call is timed.
    #[inline(always)]
    pub(crate) fn start(&self, now: impl FnOnce() -> Instant, in_flight: usize) -> Sample {
        let generation = self.generation.load(Ordering::Acquire);
        let weight = weight::of_next(self.counts.answers());
        Sample {
            start: (weight > 0).then(now),
            generation: if weight > 1 { generation | COUNTS_FOR_MANY } else { generation },
            in_flight: u32::try_from(in_flight).unwrap_or(u32::MAX),
        }
    }

    /// Records that a call was rejected, or has to wait, because the limit is in use.
    #[inline]
    pub(crate) fn note_full(&self) {
        if !self.is_full.load(Ordering::Relaxed) {
            self.is_full.store(true, Ordering::Relaxed);
        }
    }

    /// Takes the sample of a call that was answered. Returns the new limit at the end of a window that changes it.
    #[inline(always)]
    pub(crate) fn answered(&self, sample: Sample, now: Instant) -> Option<Decision> {
        let start = sample.start?;
        if !self.counts_at(sample, now) {
            return None;
        }
        let latency = nanos(start, now).min(self.longest.load(Ordering::Relaxed));
        let weight = sample.weight();
        let samples = self.counts.answered(latency, sample.in_flight, weight);
        if looks_at_time(samples, weight) { self.end_if_due(now) } else { None }
    }

    /// Takes the sample of a call that timed out, or that the service rejected.
    pub(crate) fn dropped(&self, sample: Sample, now: Instant) -> Option<Decision> {
        if !self.counts_at(sample, now) {
            return None;
        }
        let samples = self.counts.dropped(sample.in_flight);
        if samples >= SAMPLES { self.end_if_due(now) } else { None }
    }

    /// Takes over a limit that a handle has set.
    pub(crate) fn limit_was_set(&self, limit: usize, now: Instant) {
        let tick = self.tick(now);
        let mut judge = self.judge();
        self.change(&mut judge, limit, tick);
    }

    /// Returns the limit that the algorithm or a handle has set last.
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Acquire)
    }

    /// Sets whether the algorithm counts and does not act.
    pub(crate) fn hold(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Release);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Acquire)
    }

    #[inline]
    fn counts_at(&self, sample: Sample, now: Instant) -> bool {
        sample.generation & !COUNTS_FOR_MANY == self.generation.load(Ordering::Acquire)
            && self.is_settled(now)
    }

    /// Returns whether the time after a change of the limit during which calls do not count is over.
    #[inline]
    fn is_settled(&self, now: Instant) -> bool {
        let from = self.from.load(Ordering::Relaxed);
        from == 0 || self.is_over(from, now)
    }

    /// Returns whether the time until `from` is over, and if so, spares later calls the conversion of theirs.
    #[cold]
    fn is_over(&self, from: u64, now: Instant) -> bool {
        let is_over = self.tick(now) >= from;
        if is_over {
            // Unless the limit has changed once more.
            let _ = self.from.compare_exchange(from, 0, Ordering::Relaxed, Ordering::Relaxed);
        }
        is_over
    }

    #[cold]
    fn end_if_due(&self, now: Instant) -> Option<Decision> {
        let tick = self.tick(now);
        if tick >= self.due.load(Ordering::Relaxed) { self.end_window(tick) } else { None }
    }

    fn end_window(&self, tick: u64) -> Option<Decision> {
        let mut judge = match self.judge.try_lock() {
            Ok(judge) => judge,
            // An algorithm panicked in an earlier window, which must not end the decisions.
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            // The call that holds the lock makes the decision.
            Err(TryLockError::WouldBlock) => return None,
        };
        if tick < self.due.load(Ordering::Acquire) || !self.is_complete(&judge, tick) {
            return None;
        }
        let totals = self.counts.take();
        let window = self.window(&judge, &totals, tick);
        if totals.answered > 0 {
            judge.latency = totals.latency();
            let longest = judge.latency.saturating_mul(LONGEST).max(LEAST_LONGEST);
            self.longest.store(longest, Ordering::Relaxed);
        }
        self.begin_window(&mut judge, tick);
        let (minimum, maximum) = self.bounds;
        let limit = judge.algorithm.on_window(window).clamp(minimum, maximum);
        if limit == window.limit || self.is_held() {
            return None;
        }
        self.change(&mut judge, limit, tick);
        Some(Decision { limit, cause: cause(limit, &window) })
    }

    /// Returns whether enough time has passed since the limit changed for slow calls to be among the samples. Otherwise
    /// the window becomes longer.
    fn is_complete(&self, judge: &Judge, tick: u64) -> bool {
        let complete = judge.changed + settle::complete(self.counts.peek().latency());
        self.due.store(complete, Ordering::Release);
        tick >= complete
    }

    fn window(&self, judge: &Judge, totals: &Totals, tick: u64) -> Window {
        let (minimum, maximum) = self.bounds;
        Window {
            length: Duration::from_nanos(tick.saturating_sub(judge.began)),
            samples: totals.answered,
            dropped: totals.dropped,
            latency: Duration::from_nanos(totals.latency()),
            in_flight_mean: totals.in_flight_mean(),
            in_flight_max: totals.in_flight_max,
            is_full: self.is_full.swap(false, Ordering::Relaxed),
            limit: self.limit(),
            minimum,
            maximum,
        }
    }

    fn begin_window(&self, judge: &mut Judge, from: u64) {
        judge.began = from;
        let due = from + LENGTH.max(settle::length(judge.latency));
        self.due.store(due, Ordering::Release);
    }

    /// Begins a window of calls that are admitted under a new limit.
    fn change(&self, judge: &mut Judge, limit: usize, tick: u64) {
        self.limit.store(limit, Ordering::Release);
        self.generation.fetch_add(GENERATION, Ordering::AcqRel);
        judge.changed = tick;
        let from = tick + settle::pause(judge.latency);
        self.from.store(from, Ordering::Release);
        self.begin_window(judge, from);
        self.counts.take();
        self.is_full.store(false, Ordering::Relaxed);
    }

    #[inline]
    fn tick(&self, now: Instant) -> u64 {
        nanos(self.epoch, now)
    }

    fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether the call that brings the calls of a window to `samples` looks whether the window is over. Of many calls,
/// only some do, since the conversion of a time costs as much as a reading of the clock.
#[inline]
const fn looks_at_time(samples: u64, weight: u64) -> bool {
    samples >= SAMPLES && (samples < MANY || samples % (STRIDE * weight) < weight)
}

/// Returns the nanoseconds between two times.
#[inline]
fn nanos(from: Instant, to: Instant) -> u64 {
    let time = to.saturating_duration_since(from);
    time.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(time.subsec_nanos()))
}

/// Returns the cause of a change of the limit.
fn cause(limit: usize, window: &Window) -> LimitCause {
    match (limit > window.limit, window.dropped > 0) {
        (true, _) => LimitCause::Growth,
        (false, true) => LimitCause::Drops,
        (false, false) => LimitCause::Latency,
    }
}
