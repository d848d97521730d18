//! The limit that follows the latency of the service.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::LimitCause;

/// The default bounds of an adaptive limit, and its first value.
pub(crate) const MIN: usize = 4;
pub(crate) const MAX: usize = 1_000;
pub(crate) const INITIAL: usize = 20;

/// The shortest window, and the fewest samples of one.
const LENGTH: Duration = Duration::from_millis(100);
const SAMPLES: u64 = 10;

/// An algorithm that finds the limit from windows of samples.
///
/// It reads no clock: everything that it knows is in the window, or in its own state.
pub trait Algorithm: Send + 'static {
    /// Returns the limit after a window. A limit outside of the bounds of the layer is moved into them.
    fn on_window(&mut self, window: Window) -> usize;
}

/// The calls that were answered or dropped within one window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    length: Duration,
    samples: u64,
    dropped: u64,
    latency: Duration,
    in_flight_max: usize,
    limit: usize,
}

impl Window {
    /// Returns the length of the window, at least 100 ms.
    #[must_use]
    pub const fn length(&self) -> Duration {
        self.length
    }

    /// Returns the number of calls that were answered.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Returns the number of calls that timed out, or that the service rejected.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the mean time to the head of the responses.
    #[must_use]
    pub const fn latency(&self) -> Duration {
        self.latency
    }

    /// Returns the largest number of calls that were in flight at once.
    #[must_use]
    pub const fn in_flight_max(&self) -> usize {
        self.in_flight_max
    }

    /// Returns the limit that was in effect.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }
}

/// Returns the algorithm of [`adaptive`](crate::ConcurrencyLimitLayer::adaptive).
pub(crate) fn gradient() -> impl Algorithm + Clone + Sync {
    Steps
}

/// Returns the algorithm of [`aimd`](crate::ConcurrencyLimitLayer::aimd).
pub(crate) fn aimd() -> impl Algorithm + Clone + Sync {
    Steps
}

#[derive(Clone)]
struct Steps;

impl Algorithm for Steps {
    fn on_window(&mut self, window: Window) -> usize {
        match window.dropped {
            0 if window.in_flight_max * 2 >= window.limit => window.limit + 1,
            0 => window.limit,
            _ => window.limit * 9 / 10,
        }
    }
}

/// The begin of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    start: Instant,
    generation: u32,
}

/// A new limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) limit: usize,
    pub(crate) cause: LimitCause,
}

/// The collector of the samples of one layer.
pub(crate) struct Sampler(Mutex<State>);

struct State {
    algorithm: Box<dyn Algorithm>,
    min: usize,
    max: usize,
    limit: usize,
    generation: u32,
    is_held: bool,
    since: Instant,
    samples: u64,
    dropped: u64,
    total: Duration,
    in_flight_max: usize,
}

impl Sampler {
    pub(crate) fn new(
        algorithm: Box<dyn Algorithm>,
        min: usize,
        max: usize,
        initial: usize,
        now: Instant,
    ) -> Self {
        Self(Mutex::new(State {
            algorithm,
            min,
            max,
            limit: initial,
            generation: 0,
            is_held: false,
            since: now,
            samples: 0,
            dropped: 0,
            total: Duration::ZERO,
            in_flight_max: 0,
        }))
    }

    /// Begins a call, with which `in_flight` are in flight.
    pub(crate) fn start(&self, now: Instant, in_flight: usize) -> Sample {
        let mut state = self.state();
        state.in_flight_max = state.in_flight_max.max(in_flight);
        Sample { start: now, generation: state.generation }
    }

    /// Takes the sample of a call that was answered. Returns the new limit at the end of a window.
    pub(crate) fn answered(&self, sample: Sample, now: Instant) -> Option<Decision> {
        self.state().take(sample, now, false)
    }

    /// Takes the sample of a call that timed out, or that the service rejected.
    pub(crate) fn dropped(&self, sample: Sample, now: Instant) -> Option<Decision> {
        self.state().take(sample, now, true)
    }

    /// Takes over a limit that a handle has set.
    pub(crate) fn limit_was_set(&self, limit: usize, now: Instant) {
        let mut state = self.state();
        state.limit = limit;
        state.next(now);
    }

    /// Sets whether the algorithm counts and does not act.
    pub(crate) fn hold(&self, is_held: bool) {
        self.state().is_held = is_held;
    }

    pub(crate) fn is_held(&self) -> bool {
        self.state().is_held
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, sample: Sample, now: Instant, is_dropped: bool) -> Option<Decision> {
        if sample.generation != self.generation {
            return None;
        }
        if is_dropped {
            self.dropped += 1;
        } else {
            self.samples += 1;
            self.total += now.saturating_duration_since(sample.start);
        }
        let length = now.saturating_duration_since(self.since);
        if length < LENGTH || self.samples + self.dropped < SAMPLES {
            return None;
        }
        self.decide(length, now)
    }

    fn decide(&mut self, length: Duration, now: Instant) -> Option<Decision> {
        let samples = u32::try_from(self.samples).unwrap_or(u32::MAX).max(1);
        let window = Window {
            length,
            samples: self.samples,
            dropped: self.dropped,
            latency: self.total / samples,
            in_flight_max: self.in_flight_max,
            limit: self.limit,
        };
        let limit = self.algorithm.on_window(window).clamp(self.min, self.max);
        let cause = match (limit > self.limit, self.dropped > 0) {
            (true, _) => LimitCause::Growth,
            (false, true) => LimitCause::Drops,
            (false, false) => LimitCause::Latency,
        };
        let is_change = limit != self.limit && !self.is_held;
        if is_change {
            self.limit = limit;
            self.generation = self.generation.wrapping_add(1);
        }
        let generation = self.generation;
        self.next(now);
        self.generation = generation;
        is_change.then_some(Decision { limit, cause })
    }

    /// Begins a window, of calls that are admitted from now on.
    fn next(&mut self, now: Instant) {
        self.generation = self.generation.wrapping_add(1);
        self.since = now;
        (self.samples, self.dropped, self.in_flight_max) = (0, 0, 0);
        self.total = Duration::ZERO;
    }
}
