use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{
    CallDeadlineLayer, Fixed, TimeoutLayer,
    call::config::{Config, invalid_limit},
};

battlement_core::settings! {
    /// The settings of a [`TimeoutLayer`] in a configuration file.
    ///
    /// Every field is optional. Unknown fields are rejected by name. `TryFrom` reports every invalid field at once.
    ///
    /// ```
    /// use battlement_timeout::{TimeoutLayer, TimeoutSettings};
    ///
    /// let settings: TimeoutSettings = serde_json::from_str(r#"{ "limit": "900ms" }"#).unwrap();
    /// let layer = TimeoutLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "TimeoutSettings", default = "TimeoutSettings::default", deny_unknown_fields)]
    pub struct TimeoutSettings {
        /// [`TimeoutLayer::enabled`].
        pub enabled: bool,
        /// The limit of each call, as `900ms`; none if it is absent.
        pub limit: Option<String>,
        /// `TimeoutLayer::status`: the HTTP status of the answer, 500 to 599.
        pub status: Option<u16>,
    }
}

battlement_core::settings! {
    /// The settings of a [`CallDeadlineLayer`] in a configuration file.
    ///
    /// `limit` is required. Unknown fields are rejected by name. `TryFrom` reports every invalid field at once.
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "CallDeadlineSettings", deny_unknown_fields)]
    pub struct CallDeadlineSettings {
        /// [`CallDeadlineLayer::enabled`].
        #[serde(default = "yes")]
        pub enabled: bool,
        /// The limit of a call with all its tries, as `2s`.
        pub limit: String,
        /// [`CallDeadlineLayer::detached`].
        #[serde(default)]
        pub detached: bool,
        /// `CallDeadlineLayer::status`: the HTTP status of the answer, 500 to 599.
        #[serde(default)]
        pub status: Option<u16>,
    }
}

const fn yes() -> bool {
    true
}

impl Default for TimeoutSettings {
    fn default() -> Self {
        Self { enabled: true, limit: None, status: None }
    }
}

impl TryFrom<TimeoutSettings> for TimeoutLayer {
    type Error = ConfigError;

    fn try_from(settings: TimeoutSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let limit = settings.limit.and_then(|text| limit(&text, &mut invalid));
        let config = config(settings.enabled, settings.status, &mut invalid);
        ConfigError::check("timeout settings", invalid, config)
            .map(|config| Self::of(Fixed(limit), config))
    }
}

impl TryFrom<CallDeadlineSettings> for CallDeadlineLayer {
    type Error = ConfigError;

    fn try_from(settings: CallDeadlineSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let limit = limit(&settings.limit, &mut invalid);
        let config = config(settings.enabled, settings.status, &mut invalid);
        ConfigError::check("call deadline settings", invalid, config)
            .map(|config| Self::of(limit.unwrap_or_default(), settings.detached, config))
    }
}

fn limit(text: &str, invalid: &mut Vec<InvalidField>) -> Option<Duration> {
    let limit = duration("limit", text, invalid);
    invalid.extend(invalid_limit("limit", limit));
    limit
}

fn config(enabled: bool, status: Option<u16>, invalid: &mut Vec<InvalidField>) -> Config {
    invalid.extend(status.and_then(|status| crate::status::invalid("status", status)));
    Config { enabled, status, ..Config::default() }
}
