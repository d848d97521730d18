use std::time::Duration;

use battlement_core::{ConfigError, InvalidField};

use crate::{HalfOpen, OpenFor, Trip};

/// The checked settings of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) trip: Trip,
    pub(crate) open_for: OpenFor,
    /// The trial after the open time; without one, the breaker closes then.
    pub(crate) half_open: Option<HalfOpen>,
    /// The time to the response head above which a call is slow.
    pub(crate) slow_after: Duration,
    pub(crate) shadow: bool,
    pub(crate) max_keys: usize,
    /// The largest share of keys that are open at once, from 0 to 1.
    pub(crate) max_open: f64,
}

/// The subject of the errors.
pub(crate) const SETTINGS: &str = "circuit breaker settings";

/// The most keys that can be set.
const MOST_KEYS: usize = 1_000_000;

impl Config {
    /// Returns the settings, or every error in them.
    pub(crate) fn checked(self) -> Result<Self, ConfigError> {
        ConfigError::check(SETTINGS, self.invalid_fields(), self)
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid = self.trip.invalid_fields();
        invalid.extend(self.open_for.invalid_fields());
        invalid.extend(self.half_open.into_iter().flat_map(HalfOpen::invalid_fields));
        if self.slow_after.is_zero() {
            invalid.push(InvalidField::new("slow_after", "must be greater than zero"));
        }
        if !(1..=MOST_KEYS).contains(&self.max_keys) {
            let message = format!("must be 1 to {MOST_KEYS}, got {}", self.max_keys);
            invalid.push(InvalidField::new("max_keys", message));
        }
        if !(0.0..=1.0).contains(&self.max_open) {
            let message = format!("must be 0 to 1, got {}", self.max_open);
            invalid.push(InvalidField::new("max_open", message));
        }
        invalid
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            trip: Trip::default(),
            open_for: OpenFor::default(),
            half_open: Some(HalfOpen::default()),
            slow_after: Duration::from_secs(2),
            shadow: false,
            max_keys: 1_024,
            max_open: 1.0,
        }
    }
}
