use std::time::Duration;

use battlement_core::{ConfigError, InvalidField};

use crate::latency::Latencies;

/// The time after which another copy of a call is sent: fixed, or a percentile of the measured times.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_retry::{HedgeDelay, HedgeLayer};
///
/// let fixed = HedgeLayer::http().after(Duration::from_millis(50));
/// let slowest_tenth = HedgeDelay::percentile(90).fallback(Duration::from_millis(100));
/// let measured = HedgeLayer::http().after(slowest_tenth);
/// assert!(HedgeDelay::try_percentile(100).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HedgeDelay {
    /// The percentile; `None` for a fixed time.
    percent: Option<u8>,
    /// The fixed time, or the time before there are enough samples.
    fixed: Option<Duration>,
}

/// The samples from which the percentile is used.
const LEAST_SAMPLES: u32 = 100;

/// The subject of the errors.
const SETTINGS: &str = "hedge delay";

impl HedgeDelay {
    /// Creates a fixed time.
    ///
    /// # Panics
    ///
    /// If `time` is zero, because every call would be sent twice.
    #[must_use]
    pub fn fixed(time: Duration) -> Self {
        Self::try_fixed(time).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a fixed time, or returns an error; see [`fixed`](Self::fixed).
    ///
    /// # Errors
    ///
    /// If `time` is zero.
    pub fn try_fixed(time: Duration) -> Result<Self, ConfigError> {
        ConfigError::check(SETTINGS, zero("delay", time), Self { percent: None, fixed: Some(time) })
    }

    /// Creates a time that a share of `percent` of the calls does not exceed, from 1 to 99.
    ///
    /// The time is that of the last 1,000 to 2,000 first attempts that succeeded, or that lost against their copy. It is
    /// used from 100 of them. Until then, a copy is sent only after a failure, unless there is a
    /// [`fallback`](Self::fallback).
    ///
    /// # Panics
    ///
    /// If `percent` is out of range.
    #[must_use]
    pub fn percentile(percent: u8) -> Self {
        Self::try_percentile(percent).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a time by a percentile, or returns an error; see [`percentile`](Self::percentile).
    ///
    /// # Errors
    ///
    /// If `percent` is not 1 to 99.
    pub fn try_percentile(percent: u8) -> Result<Self, ConfigError> {
        let is_valid = (1..=99).contains(&percent);
        let invalid = (!is_valid)
            .then(|| InvalidField::new("percentile", format!("must be 1 to 99, got {percent}")));
        let delay = Self { percent: Some(percent), fixed: None };
        ConfigError::check(SETTINGS, invalid.into_iter().collect(), delay)
    }

    /// Sets the time that is used before there are enough samples. A fixed time is replaced.
    ///
    /// # Panics
    ///
    /// If `time` is zero.
    #[must_use]
    pub fn fallback(self, time: Duration) -> Self {
        self.try_fallback(time).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sets the time before there are enough samples, or returns an error; see [`fallback`](Self::fallback).
    ///
    /// # Errors
    ///
    /// If `time` is zero.
    pub fn try_fallback(self, time: Duration) -> Result<Self, ConfigError> {
        let delay = Self { percent: self.percent, fixed: Some(time) };
        ConfigError::check(SETTINGS, zero("fallback", time), delay)
    }

    /// Returns the time for a call that is made now; `None` before there are enough samples.
    pub(crate) fn now(self, latencies: &Latencies) -> Option<Duration> {
        let measured =
            self.percent.and_then(|percent| latencies.percentile(percent.into(), LEAST_SAMPLES));
        measured.or(self.fixed)
    }
}

impl Default for HedgeDelay {
    /// Creates the default: the 95th percentile, as recommended by Dean and Barroso, *The Tail at Scale* (2013).
    fn default() -> Self {
        Self { percent: Some(95), fixed: None }
    }
}

impl From<Duration> for HedgeDelay {
    /// Creates a fixed time.
    ///
    /// # Panics
    ///
    /// If `time` is zero.
    fn from(time: Duration) -> Self {
        Self::fixed(time)
    }
}

fn zero(field: &str, time: Duration) -> Vec<InvalidField> {
    let invalid = time.is_zero().then(|| InvalidField::new(field, "must be greater than zero"));
    invalid.into_iter().collect()
}
