//! The settings of a layer in a configuration file.

use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{
    CircuitBreakerLayer,
    config::{Config, SETTINGS},
    presets::NAME,
};

mod open;
mod trip;

#[cfg(all(test, not(battlement_loom)))]
mod tests;

pub use self::{
    open::{HalfOpenSettings, OpenForSettings},
    trip::{CallRateSettings, ConsecutiveSettings, FailureRateSettings, SlowRateSettings},
};

battlement_core::settings! {
    /// The settings of a [`CircuitBreakerLayer`] in a configuration file.
    ///
    /// Every field is optional and has the default of [`CircuitBreakerLayer::new`]. Unknown fields are rejected by name.
    /// `TryFrom` reports every invalid field at once. Name and key are set on the layer.
    ///
    /// ```
    /// use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitBreakerSettings};
    ///
    /// let settings: CircuitBreakerSettings = serde_json::from_str(
    ///     r#"{
    ///         "failure_rate": { "share": 0.25, "window": "30s", "minimum": 50 },
    ///         "slow_rate": { "share": 0.8 },
    ///         "slow_after": "1s",
    ///         "open_for": { "first": "10s", "cap": "5m" }
    ///     }"#,
    /// ).unwrap();
    /// let layer = CircuitBreakerLayer::try_from(settings).unwrap().name("billing");
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "CircuitBreakerSettings",
        default = "CircuitBreakerSettings::default",
        deny_unknown_fields,
    )]
    pub struct CircuitBreakerSettings {
        /// [`CircuitBreakerLayer::enabled`].
        pub enabled: bool,
        /// The failure rate over time of [`CircuitBreakerLayer::trip`].
        pub failure_rate: FailureRateSettings,
        /// The failure rate over the last calls of [`CircuitBreakerLayer::trip`]; off if it is absent.
        pub failure_rate_by_calls: Option<CallRateSettings>,
        /// The failures in a row of [`CircuitBreakerLayer::trip`].
        pub consecutive: ConsecutiveSettings,
        /// The rate of slow calls of [`CircuitBreakerLayer::trip`]; off if it is absent.
        pub slow_rate: Option<SlowRateSettings>,
        /// [`CircuitBreakerLayer::slow_after`], as `2s`.
        pub slow_after: Option<String>,
        /// [`CircuitBreakerLayer::open_for`].
        pub open_for: OpenForSettings,
        /// [`CircuitBreakerLayer::half_open`].
        pub half_open: HalfOpenSettings,
        /// [`CircuitBreakerLayer::shadow`].
        pub shadow: bool,
        /// [`CircuitBreakerLayer::max_keys`], 1 to 1,000,000.
        pub max_keys: usize,
        /// [`CircuitBreakerLayer::max_open`], 0 to 1.
        pub max_open: f64,
    }
}

impl Default for CircuitBreakerSettings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            enabled: config.enabled,
            failure_rate: FailureRateSettings::default(),
            failure_rate_by_calls: None,
            consecutive: ConsecutiveSettings::default(),
            slow_rate: None,
            slow_after: None,
            open_for: OpenForSettings::default(),
            half_open: HalfOpenSettings::default(),
            shadow: config.shadow,
            max_keys: config.max_keys,
            max_open: config.max_open,
        }
    }
}

impl TryFrom<CircuitBreakerSettings> for CircuitBreakerLayer {
    type Error = ConfigError;

    fn try_from(settings: CircuitBreakerSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let config = settings.config(&mut invalid);
        invalid.extend(config.invalid_fields());
        ConfigError::check(SETTINGS, invalid, config).map(|config| Self::of(NAME.into(), config))
    }
}

impl CircuitBreakerSettings {
    /// Returns the settings, which are not checked, and records the fields that cannot be read.
    fn config(self, invalid: &mut Vec<InvalidField>) -> Config {
        let default = Config::default();
        let trip = trip::Conditions {
            failure_rate: self.failure_rate,
            by_calls: self.failure_rate_by_calls,
            consecutive: self.consecutive,
            slow_rate: self.slow_rate,
        };
        Config {
            enabled: self.enabled,
            trip: trip.trip(invalid),
            open_for: self.open_for.open_for(invalid),
            half_open: self.half_open.half_open(),
            slow_after: time("slow_after", self.slow_after, default.slow_after, invalid),
            shadow: self.shadow,
            max_keys: self.max_keys,
            max_open: self.max_open,
        }
    }
}

/// Reads a duration; an absent one, and one that cannot be read, is `default`.
fn time(
    field: &str,
    text: Option<String>,
    default: Duration,
    invalid: &mut Vec<InvalidField>,
) -> Duration {
    text.and_then(|text| duration(field, &text, invalid)).unwrap_or(default)
}
