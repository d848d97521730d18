use std::time::Duration;

use battlement_core::{InvalidField, TrustedPeers};

use crate::{TimeoutHeader, observe::Observer};

/// The subject of a `ConfigError`.
#[cfg(feature = "serde")]
pub(crate) const SETTINGS: &str = "deadline settings";

/// The checked settings of a [`DeadlineLayer`](crate::DeadlineLayer).
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    /// The time of a request that brings no usable value.
    pub(crate) default: Duration,
    pub(crate) max: Duration,
    pub(crate) header: Option<TimeoutHeader>,
    /// The peers whose header is read.
    pub(crate) trusted: TrustedPeers,
    pub(crate) bodies: bool,
    pub(crate) event_streams: bool,
    pub(crate) grpc_streams: bool,
    /// The HTTP status of the answer, if it is not the default.
    pub(crate) status: Option<u16>,
    pub(crate) observer: Observer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            default: Duration::from_secs(30),
            max: Duration::from_secs(60),
            header: None,
            trusted: TrustedPeers::default(),
            bodies: false,
            event_streams: false,
            grpc_streams: false,
            status: None,
            observer: Observer::default(),
        }
    }
}

impl Config {
    /// Returns whether the deadline may apply to the body of a response.
    #[inline]
    pub(super) const fn limits_bodies(&self, has_grpc_timeout: bool) -> bool {
        self.bodies || self.event_streams || self.grpc_streams || has_grpc_timeout
    }

    /// Returns every invalid time.
    pub(crate) fn invalid_times(&self) -> Vec<InvalidField> {
        let mut invalid = Vec::new();
        // A maximum of zero also lowers the default to zero, so only the maximum is reported.
        let times = [("max", self.max), ("default", self.default)];
        if let Some((field, _)) = times.into_iter().find(|(_, time)| time.is_zero()) {
            invalid.push(InvalidField::new(field, "must be greater than zero"));
        } else if self.default > self.max {
            let message = format!("must be at most `max`, {:?}, got {:?}", self.max, self.default);
            invalid.push(InvalidField::new("default", message));
        }
        invalid
    }
}
