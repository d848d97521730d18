/// A measurement under full use of a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) limit: f64,
    pub(super) in_flight: f64,
    /// The mean latency, in seconds.
    pub(super) latency: f64,
    /// The square of the relative error of the mean latency.
    pub(super) variance: f64,
}

/// The response of latency to a change of the number of calls in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Response {
    /// The logarithm of the ratio of the calls in flight.
    pub(super) step: f64,
    /// The elasticity of latency, from 0 to 1: 0 if latency stayed the same and throughput followed, 1 if throughput
    /// stayed the same and all further calls waited.
    pub(super) queue: f64,
    /// The size of the step, in errors of the measurement.
    pub(super) strength: f64,
}

/// The smallest step whose response is measured.
const STEP: f64 = 0.1;

impl Point {
    /// Returns the relative error of the mean latency.
    pub(super) fn error(&self) -> f64 {
        self.variance.sqrt()
    }

    /// Returns the response of latency from `before` to this point, or `None` if there was no change.
    pub(super) fn response(&self, before: &Self) -> Option<Response> {
        let step = (self.in_flight / before.in_flight).ln();
        if step.abs() < STEP {
            return None;
        }
        let queue = ((self.latency / before.latency).ln() / step).clamp(0.0, 1.0);
        let strength = step.abs() / (self.variance + before.variance).sqrt();
        Some(Response { step, queue, strength })
    }

    /// Returns the geometric mean of two points.
    pub(super) fn mean(&self, other: &Self) -> Self {
        Self {
            limit: (self.limit * other.limit).sqrt(),
            in_flight: (self.in_flight * other.in_flight).sqrt(),
            latency: (self.latency * other.latency).sqrt(),
            variance: (self.variance + other.variance) / 4.0,
        }
    }

    /// Returns whether this point, between two others in time, has clearly fewer or clearly more calls in flight than both.
    pub(super) fn is_turn(&self, first: &Self, last: &Self) -> bool {
        self.in_flight < first.in_flight.min(last.in_flight) * 0.9
            || self.in_flight > first.in_flight.max(last.in_flight) * 1.1
    }
}
