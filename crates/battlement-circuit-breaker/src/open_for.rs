use std::time::Duration;

use battlement_core::InvalidField;

use crate::random::between;

/// The time that a breaker stays open: the first interval, doubled for each further opening in a row, up to a cap.
///
/// After a time in good health (closed) as long as the last interval, the next opening has the first interval again.
/// An upstream that asks for a longer pause (`Retry-After`, gRPC pushback) gets it, up to the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenFor {
    pub(crate) first: Duration,
    pub(crate) cap: Duration,
    jitter: bool,
}

impl OpenFor {
    /// Creates a growing open time with equal jitter: between half of each interval and all of it.
    #[must_use]
    pub const fn doubling(first: Duration, cap: Duration) -> Self {
        Self { first, cap, jitter: true }
    }

    /// Creates an open time that is always `interval`.
    #[must_use]
    pub const fn fixed(interval: Duration) -> Self {
        Self { first: interval, cap: interval, jitter: false }
    }

    /// Sets whether the time is spread between half of each interval and all of it, so that the instances of a
    /// service do not probe at the same moment.
    #[must_use]
    pub const fn jitter(self, jitter: bool) -> Self {
        Self { jitter, ..self }
    }

    /// Returns the interval of the opening `row`, the first of a row being 0, without jitter.
    pub(crate) fn interval(self, row: u32) -> u64 {
        let factor = 1_u64.checked_shl(row).unwrap_or(u64::MAX);
        nanos(self.first).saturating_mul(factor).min(self.cap())
    }

    /// Returns the open time of an interval.
    pub(crate) fn spread(self, interval: u64, random: u64) -> u64 {
        if self.jitter { between(interval / 2, interval, random) } else { interval }
    }

    pub(crate) fn cap(self) -> u64 {
        nanos(self.cap)
    }

    pub(crate) fn invalid_fields(self) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        if self.first.is_zero() {
            invalid.push(InvalidField::new("open_for.first", "must be greater than zero"));
        }
        if self.cap < self.first {
            let message =
                format!("must be at least `first` ({:?}), got {:?}", self.first, self.cap);
            invalid.push(InvalidField::new("open_for.cap", message));
        }
        invalid
    }
}

impl Default for OpenFor {
    /// Creates the default: 5 s, doubling to 60 s.
    fn default() -> Self {
        Self::doubling(Duration::from_secs(5), Duration::from_secs(60))
    }
}

/// Returns a duration in nanoseconds, at most 584 years.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(duration.subsec_nanos() as u64)
}
