use super::Point;
use crate::Window;

/// The share of the way by which the natural latency rises on full proof, and falls on a lower measurement.
const RISE: f64 = 0.8;
const FALL: f64 = 0.5;

/// The weight of a window in which the limit was not in full use. The first windows weigh more: 1/n for the nth.
const LEARN: f64 = 0.05;

/// The windows of which the natural latency is the plain mean, whatever they show.
const LEARNED: u32 = 10;

/// The relative excess that may be chance, and the errors of measurement that may be.
const EXCESS: f64 = 0.25;
const CHANCE: f64 = 2.0;

/// The latency of calls that do not wait inside the service.
///
/// While the limit is in full use, only a proof raises this latency. Since a queue that the limit itself made cannot
/// raise it, the limit does not drift.
#[derive(Clone, Debug, Default)]
pub(super) struct Natural {
    /// In seconds; 0 before the first window.
    latency: f64,
    windows: u32,
}

impl Natural {
    /// Takes the first window as it is.
    pub(super) fn begin(&mut self, window: &Window) {
        if self.latency == 0.0 {
            self.latency = window.seconds();
        }
    }

    /// Returns the ratio of a latency to the natural one.
    pub(super) fn ratio(&self, latency: f64) -> f64 {
        if self.latency == 0.0 { 1.0 } else { latency / self.latency }
    }

    /// Learns from a window in which the limit did not act. An excess that cannot be chance may be a queue, and is not
    /// learned.
    pub(super) fn learn(&mut self, window: &Window, error: f64) {
        let latency = window.seconds();
        self.windows = self.windows.saturating_add(1);
        let is_new = self.windows < LEARNED;
        if is_new || self.ratio(latency) - 1.0 < EXCESS.max(CHANCE * error) {
            self.approach(latency, LEARN.max(1.0 / f64::from(self.windows)));
        }
    }

    /// Judges three measurements, of which the second has fewer or more calls in flight than the others.
    ///
    /// The outer two are averaged, so that a service which becomes slower or faster meanwhile looks neither like a
    /// queue nor like proof that there is none.
    pub(super) fn judge(&mut self, first: &Point, second: &Point, third: &Point) {
        if !second.is_turn(first, third) {
            return;
        }
        let outer = first.mean(third);
        let Some(response) = outer.response(second) else { return };
        let low = if response.step > 0.0 { second.latency } else { outer.latency };
        let strength = response.strength * response.strength;
        let certainty = strength / (strength + 1.0);
        let share = if low > self.latency { RISE * (1.0 - response.queue) } else { FALL };
        self.approach(low, share * certainty);
    }

    /// Follows a climb, in which latency stays nearly the same while the limit doubles.
    pub(super) fn follow(&mut self, before: &Point, point: &Point, queue: f64) {
        let rise = (point.latency / before.latency).max(1.0);
        self.approach(before.latency * rise.powf(1.0 - queue), RISE * (1.0 - queue));
    }

    /// Falls if a measurement is lower by more than chance: calls cannot be faster than the natural latency.
    pub(super) fn fall(&mut self, point: &Point) {
        if point.latency < self.latency * (1.0 - 1.5 * point.error()) {
            self.approach(point.latency, FALL);
        }
    }

    fn approach(&mut self, latency: f64, share: f64) {
        self.latency += (latency - self.latency) * share;
    }
}
