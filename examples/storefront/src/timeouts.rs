//! Time limits of requests and of calls to other services.

use std::{num::ParseIntError, str::FromStr, time::Duration};

use battlement::{
    metrics::{Exposition, timeout::TimeoutMetrics},
    timeout::{BodyLimits, BodyTimeoutLayer, CallDeadlineLayer, DeadlineLayer, TimeoutHeader},
};

/// The time after which a client that stops in the middle of its request is answered. A body of this shop takes
/// milliseconds, also from a phone.
const BODY_IDLE: Duration = Duration::from_secs(2);

/// The time limits, and their metrics.
pub struct Timeouts {
    /// The time of a request, with all calls that are made for it.
    request: Duration,
    /// The time of one call.
    call: Duration,
    metrics: TimeoutMetrics,
}

impl Timeouts {
    pub fn new(request: TimeLimit, call: TimeLimit) -> Self {
        Self { request: request.0, call: call.0, metrics: TimeoutMetrics::new() }
    }

    /// Returns the layer that ends requests at their deadline. A trusted proxy can shorten the time of a request, and
    /// cannot lengthen it.
    pub fn deadline(&self) -> DeadlineLayer {
        DeadlineLayer::new()
            .default_limit(self.request)
            .max(self.request)
            .header(TimeoutHeader::default())
            .observe(self.metrics.clone())
    }

    /// Returns the layer that answers clients that stop in the middle of a body.
    pub fn bodies(&self) -> BodyTimeoutLayer {
        let request = BodyLimits::new().first_byte(BODY_IDLE).idle(BODY_IDLE);
        BodyTimeoutLayer::new().request(request).observe(self.metrics.clone())
    }

    /// Returns the layer that limits a call. The call also ends at the deadline of its request, unless the layer is
    /// detached.
    pub fn call(&self) -> CallDeadlineLayer {
        DeadlineLayer::client(self.call).observe(self.metrics.clone())
    }

    /// Returns the limit of one call.
    pub const fn call_limit(&self) -> Duration {
        self.call
    }

    /// Adds the metrics of the limits to the page for operators.
    pub fn add_to(&self, page: Exposition) -> Exposition {
        page.timeout(&self.metrics)
    }
}

/// A time limit in milliseconds, at least 10: a call is sent with 5 ms less than its limit, and takes some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit(Duration);

impl TimeLimit {
    pub const EXPECTED: &str = "a number of milliseconds, at least 10";
    const MIN_MS: u32 = 10;
}

impl FromStr for TimeLimit {
    type Err = InvalidTimeLimit;

    fn from_str(text: &str) -> Result<Self, InvalidTimeLimit> {
        let ms: u32 = text.parse().map_err(|_: ParseIntError| InvalidTimeLimit)?;
        let limit = Duration::from_millis(ms.into());
        if ms < Self::MIN_MS { Err(InvalidTimeLimit) } else { Ok(Self(limit)) }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct InvalidTimeLimit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_is_long_enough_for_a_call() {
        assert_eq!("10".parse(), Ok(TimeLimit(Duration::from_millis(10))));
        for text in ["", "0", "9", "-10", "2s", "4294967296"] {
            assert_eq!(text.parse::<TimeLimit>(), Err(InvalidTimeLimit), "{text}");
        }
    }
}
