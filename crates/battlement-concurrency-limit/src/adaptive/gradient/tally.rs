use super::Point;
use crate::Window;

/// The weight of a window in the spread.
const WEIGHT: f64 = 0.1;

/// The spread before it is known: that of exponential times.
const SPREAD: f64 = 1.0;

/// The bounds of what one window may show: a change of the service is not a spread.
const LEAST: f64 = 0.02;
const MOST: f64 = 3.0;

/// The windows since the last decision, under one limit.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    samples: f64,
    /// The sums over all samples.
    latency: f64,
    in_flight: f64,
    windows: u32,
    /// The variance of one latency relative to the square of the mean, as far as the means of windows show it.
    spread: f64,
    /// The mean latency of the window before, if it had the same limit.
    last: Option<f64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { samples: 0.0, latency: 0.0, in_flight: 0.0, windows: 0, spread: SPREAD, last: None }
    }
}

impl Tally {
    /// Adds a window, and returns the measurement with it.
    pub(super) fn add(&mut self, window: &Window) -> Point {
        let samples = window.samples as f64;
        self.samples += samples;
        self.latency += window.seconds() * samples;
        self.in_flight += window.in_flight_mean * samples;
        self.windows += 1;
        Point {
            limit: window.limit as f64,
            in_flight: self.in_flight / self.samples,
            latency: self.latency / self.samples,
            variance: self.spread / self.samples,
        }
    }

    /// Returns the relative error of the mean of `samples` latencies.
    pub(super) fn error(&self, samples: f64) -> f64 {
        (self.spread / samples).sqrt()
    }

    /// Learns the spread from the difference between a window and the one before.
    pub(super) fn learn_spread(&mut self, window: &Window) {
        let latency = window.seconds();
        if let Some(last) = self.last.replace(latency) {
            let difference = (latency / last).ln();
            let seen = (difference * difference * window.samples as f64 / 2.0).min(MOST);
            self.spread = (self.spread + (seen - self.spread) * WEIGHT).max(LEAST);
        }
    }

    /// Returns the number of windows.
    pub(super) const fn windows(&self) -> u32 {
        self.windows
    }

    /// Discards the windows, but keeps the spread.
    pub(super) fn clear(&mut self) {
        *self = Self { spread: self.spread, last: self.last, ..Self::default() };
    }

    /// Discards the windows of a limit that has changed, but keeps the spread.
    pub(super) fn forget(&mut self) {
        *self = Self { spread: self.spread, ..Self::default() };
    }
}
