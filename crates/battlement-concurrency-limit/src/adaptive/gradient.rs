mod natural;
mod peak;
mod point;
mod tally;
#[cfg(all(test, not(battlement_loom)))]
mod tests;

use self::{natural::Natural, peak::Peak, point::Point, tally::Tally};
use crate::{Algorithm, Window};

/// The ratio of latency to natural latency at which the limit stays where it is. A limit of 1.3 times the number of
/// workers keeps them busy although arrivals are irregular, and makes calls wait for a third of their service time.
const HEADROOM: f64 = 1.3;

/// The share of the limit that a probe allows. The product with [`HEADROOM`] must be less than 1: a probe then shows a
/// lower latency than the last one as long as calls wait, and at last the latency of calls that do not wait.
const PROBE: f64 = 0.7;

/// Every fourth decision under full use is a probe, so that the limit is low for a quarter of the time.
const PROBE_EVERY: u32 = 4;

/// The share of the way to its target that the limit goes in one decision.
const SMOOTHING: f64 = 0.6;

/// The growth in one decision while throughput follows the limit.
const CLIMB: f64 = 2.0;

/// The consecutive proofs that throughput follows the limit before it climbs. At the start, none is needed.
const PROOFS: u32 = 2;

/// The relative error of a mean latency that is small enough for a decision.
const PRECISE: f64 = 0.1;

/// The errors by which a target must differ from the limit for a decision before the mean is precise.
const CLEAR: f64 = 2.5;

/// The windows after which a decision is made in any case.
const MERGED: u32 = 10;

/// The growth in one window while calls find a free permit.
const GROWTH: f64 = 0.1;

/// The share of dropped calls, one in this number, above which the limit shrinks, and what remains of it.
const DROPPED: u64 = 10;
const BACKOFF: f64 = 0.9;

/// The algorithm of `adaptive`: Netflix' gradient2, with a long latency that cannot follow the queue of its own limit.
///
/// `docs/adaptive-limit.md` describes it. In short: the limit moves towards `limit × natural latency ÷ latency × 1.3`.
/// The natural latency rises only on proof: if latency was the same under a lower and a higher limit, calls did not wait.
#[derive(Clone, Debug)]
pub(crate) struct Gradient {
    /// The limit that the algorithm aims at: the limit itself, but for rounding and during probes.
    goal: f64,
    /// The limit that was returned last.
    given: usize,
    natural: Natural,
    tally: Tally,
    peak: Peak,
    /// The last two decisions under full use.
    points: [Option<Point>; 2],
    /// The decisions since the limit was last raised by much; 0 if it was now.
    round: u32,
    /// The consecutive proofs that throughput follows the limit.
    proofs: u32,
}

impl Default for Gradient {
    fn default() -> Self {
        Self {
            goal: 0.0,
            given: 0,
            natural: Natural::default(),
            tally: Tally::default(),
            peak: Peak::default(),
            points: [None; 2],
            round: 0,
            proofs: PROOFS,
        }
    }
}

impl Algorithm for Gradient {
    fn on_window(&mut self, window: Window) -> usize {
        if window.limit != self.given {
            // The first window, or a handle has set the limit.
            self.given = window.limit;
            self.tally.forget();
            self.relax(&window);
        }
        let limit = self.decide(&window);
        self.give(limit, &window)
    }
}

impl Gradient {
    fn decide(&mut self, window: &Window) -> f64 {
        if window.dropped * DROPPED > window.dropped + window.samples {
            self.relax(window);
            // By at least one, since a share of a small limit may be rounded to the limit itself.
            self.goal = (self.goal * BACKOFF).min(self.goal - 1.0);
            return self.goal;
        }
        if window.samples == 0 {
            return window.limit as f64;
        }
        self.natural.begin(window);
        self.tally.learn_spread(window);
        let is_calm = self.natural.ratio(window.seconds()) <= HEADROOM;
        let peak = self.peak.push(if is_calm { window.in_flight_max } else { 0 });
        if !window.is_full || window.in_flight_mean * 2.0 < window.limit as f64 {
            self.decide_unused(window, is_calm && peak * 2 >= window.limit)
        } else {
            self.decide_full(window)
        }
    }

    /// Decides after a window whose calls found free permits: the limit did not act, and may grow.
    fn decide_unused(&mut self, window: &Window, grows: bool) -> f64 {
        self.relax(window);
        self.natural.learn(window, self.tally.error(window.samples as f64));
        if grows {
            self.goal += (self.goal * GROWTH).max(1.0);
        }
        self.goal
    }

    /// Decides after a window in which the limit was in full use.
    fn decide_full(&mut self, window: &Window) -> f64 {
        let point = self.tally.add(window);
        if !self.is_decisive(&point) {
            return point.limit;
        }
        self.tally.clear();
        let [first, second] = self.points;
        self.points = [second, Some(point)];
        if let (Some(first), Some(second)) = (first, second) {
            self.natural.judge(&first, &second, &point);
        }
        let follows = second.is_some_and(|before| self.follows(&before, &point));
        self.natural.fall(&point);
        let cut = second.filter(|before| self.was_in_vain(before, &point));
        if let Some(before) = cut {
            self.round = 0;
            self.goal = before.limit;
            return self.goal;
        }
        self.step(&point, follows, window)
    }

    /// Returns whether the mean is precise enough, or the target far enough, for a decision.
    fn is_decisive(&self, point: &Point) -> bool {
        let distance = (self.target(point) / point.limit).ln().abs();
        let is_clear = !self.is_probe() && distance > CLEAR * point.error();
        self.is_climbing() || is_clear || point.error() <= PRECISE || self.tally.windows() >= MERGED
    }

    /// Returns whether throughput followed a rise of the limit, which proves that calls did not wait.
    fn follows(&mut self, before: &Point, point: &Point) -> bool {
        let Some(response) = point.response(before) else { return false };
        let is_climbing = self.is_climbing();
        let most = if is_climbing { 0.5 } else { 0.3 };
        let follows = response.step > 0.12
            && response.queue < most
            && (is_climbing || response.strength > 2.0);
        if follows && is_climbing {
            self.natural.follow(before, point, response.queue);
        }
        follows
    }

    /// Returns whether the limit was cut and latency did not fall with it: either calls do not wait, or the service
    /// became slower meanwhile. The limit goes back for one decision, which shows which of both is true.
    fn was_in_vain(&self, before: &Point, point: &Point) -> bool {
        !self.is_probe()
            && point.response(before).is_some_and(|response| {
                response.step < -0.25 && response.queue < 0.3 && response.strength > 2.0
            })
    }

    fn step(&mut self, point: &Point, follows: bool, window: &Window) -> f64 {
        let target = self.target(point);
        let was_probe = self.is_probe();
        if !was_probe && (target > point.limit * 1.15 || follows && self.is_climbing()) {
            self.proofs += u32::from(follows);
            // At least one more, or a small limit would be rounded to itself, and no probe would follow.
            let grown = (point.limit + (target - point.limit) * SMOOTHING).max(point.limit + 1.0);
            self.goal = if self.is_climbing() { point.limit * CLIMB } else { grown };
            self.round = 0;
        } else {
            if !was_probe || target > self.goal {
                self.goal += (target - self.goal) * SMOOTHING;
            }
            self.proofs = 0;
            self.round += 1;
        }
        self.goal = self.goal.clamp(window.minimum as f64, window.maximum as f64);
        if self.is_probe() { self.probe(window) } else { self.goal }
    }

    /// Returns the limit of a probe: lower than the goal, or higher where the minimum or rounding does not
    /// allow that.
    fn probe(&self, window: &Window) -> f64 {
        let probe = self.goal * PROBE;
        if probe.round() < window.minimum as f64 || probe.round() == self.goal.round() {
            return (self.goal / PROBE).max(self.goal + 1.0);
        }
        probe
    }

    /// Returns the limit at which latency would be [`HEADROOM`] times the natural one.
    fn target(&self, point: &Point) -> f64 {
        point.limit / self.natural.ratio(point.latency).max(1.0) * HEADROOM
    }

    const fn is_probe(&self) -> bool {
        self.round > 0 && self.round.is_multiple_of(PROBE_EVERY)
    }

    const fn is_climbing(&self) -> bool {
        self.proofs >= PROOFS
    }

    /// Forgets what was measured under full use.
    fn relax(&mut self, window: &Window) {
        self.goal = window.limit as f64;
        self.points = [None; 2];
        self.round = 0;
        self.tally.clear();
    }

    fn give(&mut self, limit: f64, window: &Window) -> usize {
        self.given = (limit.round() as usize).clamp(window.minimum, window.maximum);
        if self.given != window.limit {
            self.tally.forget();
        }
        self.given
    }
}
