use std::time::Duration;

use battlement_core::{ConfigError, InvalidField};

use crate::{TimeoutHeader, observe::Observer};

/// The subject of a `ConfigError`.
pub(crate) const SETTINGS: &str = "propagate deadline settings";

/// The settings of a [`PropagateDeadlineLayer`](crate::PropagateDeadlineLayer).
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) enabled: bool,
    pub(super) header: TimeoutHeader,
    pub(super) margin: Duration,
    pub(super) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            header: TimeoutHeader::default(),
            margin: Duration::from_millis(5),
            observer: Observer::default(),
        }
    }
}

impl Config {
    /// Returns the error of a margin that leaves no time to calls with this limit.
    pub(super) fn check_within(&self, limit: Duration) -> Result<(), ConfigError> {
        let message = || {
            format!(
                "must be less than the limit of the call, {limit:?}, got {:?}; no call would be made",
                self.margin
            )
        };
        let is_invalid = self.enabled && self.margin >= limit;
        let invalid = is_invalid.then(|| InvalidField::new("margin", message()));
        ConfigError::check(SETTINGS, invalid.into_iter().collect(), ())
    }
}
