use std::time::Duration;

use battlement_core::InvalidField;

use super::tally::Share;

/// A share of calls, within a time or of the last calls, with a minimum throughput.
///
/// The share is rounded to a millionth, and the comparison is one of integers.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_circuit_breaker::Rate;
///
/// // More than half of at least 50 calls within a minute.
/// let by_time = Rate::above(0.5).over(Duration::from_secs(60)).minimum(50);
/// // At least a third of the last 100 calls, once there were 20.
/// let by_calls = Rate::at_least(1.0 / 3.0).over_calls(100).minimum(20);
/// assert_ne!(by_time, by_calls);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    share: f64,
    is_strict: bool,
    minimum: Option<u32>,
    over: Over,
}

/// The calls that a rate is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Time(Duration),
    Calls(u32),
}

const MILLION: u64 = 1_000_000;

/// The minimum throughput, unless it is set or the window has fewer calls.
pub(crate) const MINIMUM: u32 = 20;

const WINDOW: Duration = Duration::from_secs(10);

const SHORTEST: Duration = Duration::from_secs(1);
/// A bucket of a longer window would be full at a few thousand calls a second.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The most calls of a window: 125 kB for each key.
const MOST_CALLS: u32 = 1_000_000;

impl Rate {
    /// Creates a rate that is reached at `share`, from 0 to 1, of at least 20 calls within 10 s.
    #[must_use]
    pub const fn at_least(share: f64) -> Self {
        Self { share, is_strict: false, minimum: None, over: Over::Time(WINDOW) }
    }

    /// Creates a rate that is reached above `share`, from 0 to 1, of at least 20 calls within 10 s.
    #[must_use]
    pub const fn above(share: f64) -> Self {
        Self { is_strict: true, ..Self::at_least(share) }
    }

    /// Computes the rate over a time that slides: from 1 s to an hour, in 10 buckets. The oldest tenth leaves the
    /// window as a new one begins, so it covers between 9 and 10 tenths of the time.
    ///
    /// A bucket counts up to 4,194,303 calls of one result: with a window of an hour, those of 11,650 calls a second.
    #[must_use]
    pub const fn over(self, window: Duration) -> Self {
        Self { over: Over::Time(window), ..self }
    }

    /// Computes the rate over the last `calls`, from 1 to 1,000,000: one bit for each call of each key, behind a short
    /// lock.
    #[must_use]
    pub const fn over_calls(self, calls: u32) -> Self {
        Self { over: Over::Calls(calls), ..self }
    }

    /// Sets the number of calls in the window, at least 1, below which the rate is not looked at: 20, or the number of
    /// calls of the window if that is smaller.
    #[must_use]
    pub const fn minimum(self, calls: u32) -> Self {
        Self { minimum: Some(calls), ..self }
    }

    pub(crate) const fn window(self) -> Over {
        self.over
    }

    pub(super) fn is_reached(self, counts: Share) -> bool {
        let (part, share) = (counts.part * MILLION, self.millionths() * counts.total);
        !self.is_below(counts) && (part > share || part == share && !self.is_strict)
    }

    pub(super) fn is_below(self, counts: Share) -> bool {
        counts.total < u64::from(self.least())
    }

    fn least(self) -> u32 {
        self.minimum.unwrap_or(match self.over {
            Over::Time(_) => MINIMUM,
            Over::Calls(calls) => MINIMUM.min(calls),
        })
    }

    fn millionths(self) -> u64 {
        // A float is converted with saturation; the layer has checked it.
        (self.share * MILLION as f64).round() as u64
    }

    pub(super) fn invalid_fields(self, field: &str) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        let mut report =
            |name, message| invalid.push(InvalidField::new(name, message).under(field));
        if !(0.0..=1.0).contains(&self.share) {
            report("share", format!("must be 0 to 1, got {}", self.share));
        }
        match self.over {
            Over::Time(window) if !(SHORTEST..=LONGEST).contains(&window) => {
                report("window", format!("must be 1s to 1h, got {window:?}"));
            }
            Over::Calls(calls) if !(1..=MOST_CALLS).contains(&calls) => {
                report("calls", format!("must be 1 to {MOST_CALLS}, got {calls}"));
            }
            _ => {}
        }
        match (self.minimum, self.over) {
            (Some(0), _) => report("minimum", "must be at least 1, got 0".to_owned()),
            (Some(minimum), Over::Calls(calls)) if minimum > calls => {
                report("minimum", format!("must be at most `calls` ({calls}), got {minimum}"));
            }
            _ => {}
        }
        invalid
    }
}

impl PartialEq for Rate {
    /// Compares the minimum in effect: one that is set to the default equals one that is not set.
    fn eq(&self, other: &Self) -> bool {
        let key = |rate: &Self| (rate.share, rate.is_strict, rate.over, rate.least());
        key(self) == key(other)
    }
}

impl Default for Rate {
    /// Creates the default: half of at least 20 calls within 10 s.
    fn default() -> Self {
        Self::at_least(0.5)
    }
}
