use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use battlement_core::{ConfigError, InvalidField};
use tokio::time::Instant;

use crate::{HalfOpen, OpenFor, Trip, open_for::nanos};

/// The checked settings of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) trip: Trip,
    pub(crate) open_for: OpenFor,
    /// The trial after the open time; without one, the breaker closes then.
    pub(crate) half_open: Option<HalfOpen>,
    /// The time to the response head from which a call is slow.
    pub(crate) slow_after: Duration,
    pub(crate) shadow: bool,
    pub(crate) max_keys: usize,
    /// The largest share of keys that are open at once, from 0 to 1.
    pub(crate) max_open: f64,
}

/// The subject of the errors.
pub(crate) const SETTINGS: &str = "circuit breaker settings";

impl Config {
    /// Returns the settings, or every error in them.
    pub(crate) fn checked(self) -> Result<Self, ConfigError> {
        ConfigError::check(SETTINGS, self.invalid_fields(), self)
    }

    fn invalid_fields(&self) -> Vec<InvalidField> {
        let mut invalid = self.open_for.invalid_fields();
        invalid.extend(self.half_open.into_iter().flat_map(HalfOpen::invalid_fields));
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

/// The settings that all breakers of a layer share, replaceable at run time.
#[derive(Debug)]
pub(crate) struct Shared {
    start: Instant,
    config: RwLock<Config>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), config: RwLock::new(config) })
    }

    /// Returns the current settings.
    pub(crate) fn config(&self) -> Config {
        *self.config.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the settings. Each breaker must be [renewed](crate::breaker::Breaker::renew) afterwards.
    pub(crate) fn replace(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Returns the nanoseconds from the start to `now`.
    pub(crate) fn tick(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.start))
    }
}
