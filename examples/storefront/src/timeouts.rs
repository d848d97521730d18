//! Time limits of requests and of calls to other services.

use std::{fmt, num::ParseIntError, str::FromStr, time::Duration};

use battlement::{
    metrics::{Exposition, timeout::TimeoutMetrics},
    timeout::{
        BodyLimits, BodyTimeoutLayer, CallDeadlineLayer, DeadlineLayer, TimeoutHeader, TimeoutLayer,
    },
};

/// The time after which a client that stops in the middle of its request is answered. A body of this shop takes
/// milliseconds, also from a phone.
const BODY_IDLE: Duration = Duration::from_secs(2);

/// The time limits, and their metrics.
pub struct Timeouts {
    /// The time of a request, with all calls that are made for it.
    request: Duration,
    upstream: UpstreamTimeLimits,
    metrics: TimeoutMetrics,
}

impl Timeouts {
    pub fn new(request: TimeLimit, upstream: UpstreamTimeLimits) -> Self {
        Self { request: request.0, upstream, metrics: TimeoutMetrics::new() }
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

    /// Returns the layer that limits a call with all its attempts. The call also ends at the deadline of its request, unless
    /// the layer is detached.
    pub fn call(&self) -> CallDeadlineLayer {
        DeadlineLayer::client(self.upstream.call).observe(self.metrics.clone())
    }

    /// Returns the layer that limits each attempt at a call, inside of the retries.
    pub fn attempt(&self) -> TimeoutLayer {
        TimeoutLayer::new(self.upstream.attempt).observe(self.metrics.clone())
    }

    /// Returns the limits of one call and of each attempt.
    pub const fn upstream(&self) -> UpstreamTimeLimits {
        self.upstream
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

/// The time limits of a call, and of each attempt at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamTimeLimits {
    /// The time of a call with all its attempts.
    pub call: Duration,
    /// The time of each attempt, at most that of the call.
    pub attempt: Duration,
}

impl UpstreamTimeLimits {
    /// The default limit of an attempt.
    const ATTEMPT: Duration = Duration::from_millis(900);

    /// Creates the limits, or returns an error if an attempt would have more time than its call.
    pub fn new(call: TimeLimit, attempt: Option<TimeLimit>) -> Result<Self, LongerThanCall> {
        let call = call.0;
        let attempt = attempt.map_or_else(|| Self::ATTEMPT.min(call), |attempt| attempt.0);
        if attempt > call { Err(LongerThanCall(call)) } else { Ok(Self { call, attempt }) }
    }
}

/// The error of a limit of an attempt that is longer than that of its call.
#[derive(Debug, PartialEq, Eq)]
pub struct LongerThanCall(Duration);

impl fmt::Display for LongerThanCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected at most {} ms", self.0.as_millis())
    }
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

    #[test]
    fn an_attempt_has_at_most_the_time_of_its_call() {
        let limits = |call: &str, attempt: &str| {
            let limits = UpstreamTimeLimits::new(call.parse().unwrap(), attempt.parse().ok());
            limits.map(|limits| limits.attempt.as_millis())
        };
        assert_eq!([limits("2000", ""), limits("899", "")], [Ok(900), Ok(899)]);
        assert_eq!([limits("500", "500"), limits("2000", "10")], [Ok(500), Ok(10)]);
        assert_eq!(limits("500", "501"), Err(LongerThanCall(Duration::from_millis(500))));
    }
}
