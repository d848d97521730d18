use battlement_core::{
    ConfigError, InvalidField, TrustedPeers,
    settings::{duration, networks},
};
use serde::Deserialize;

use super::header::header;
use crate::{
    DeadlineLayer,
    deadline::{Config, SETTINGS},
};

battlement_core::settings! {
    /// The settings of a [`DeadlineLayer`] in a configuration file.
    ///
    /// Every field is optional and has the default of [`DeadlineLayer::new`]. Unknown fields are rejected by name.
    /// `TryFrom` reports every invalid field at once.
    ///
    /// ```
    /// use battlement_timeout::{DeadlineLayer, DeadlineSettings};
    ///
    /// let settings: DeadlineSettings = serde_json::from_str(
    ///     r#"{ "default": "10s", "max": "1m", "header": "envoy", "trusted": ["10.0.0.0/8"] }"#,
    /// ).unwrap();
    /// let layer = DeadlineLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "DeadlineSettings", default = "DeadlineSettings::default", deny_unknown_fields)]
    pub struct DeadlineSettings {
        /// [`DeadlineLayer::enabled`].
        pub enabled: bool,
        /// [`DeadlineLayer::default_limit`], as `30s`.
        pub default: Option<String>,
        /// [`DeadlineLayer::max`], as `60s`.
        pub max: Option<String>,
        /// [`DeadlineLayer::header`]: `envoy`, `linkerd`, or the name of a header with whole milliseconds, such as
        /// `x-request-timeout-ms`.
        pub header: Option<String>,
        /// [`DeadlineLayer::trust_peers`]: networks as `10.0.0.0/8`, or addresses.
        pub trusted: Option<Vec<String>>,
        /// [`DeadlineLayer::bodies`].
        pub bodies: bool,
        /// [`DeadlineLayer::event_streams`].
        pub event_streams: bool,
        /// [`DeadlineLayer::grpc_streams`].
        pub grpc_streams: bool,
        /// [`DeadlineLayer::status`], 500 to 599.
        pub status: Option<u16>,
    }
}

impl Default for DeadlineSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            default: None,
            max: None,
            header: None,
            trusted: None,
            bodies: false,
            event_streams: false,
            grpc_streams: false,
            status: None,
        }
    }
}

impl TryFrom<DeadlineSettings> for DeadlineLayer {
    type Error = ConfigError;

    fn try_from(settings: DeadlineSettings) -> Result<Self, ConfigError> {
        let (mut invalid, mut config) = (Vec::new(), Config::default());
        if settings.trusted.is_some() && settings.header.is_none() {
            let message = "must be unset without a header; name the header in `header`";
            invalid.push(InvalidField::new("trusted", message));
        }
        config.enabled = settings.enabled;
        let mut read = |field, text: Option<String>| {
            text.and_then(|text| duration(field, &text, &mut invalid))
        };
        let (default, max) = (read("default", settings.default), read("max", settings.max));
        config.max = max.unwrap_or(config.max);
        // A maximum alone lowers the default, as the setter does.
        config.default = default.unwrap_or_else(|| config.default.min(config.max));
        config.header = settings.header.and_then(|text| header(&text, &mut invalid));
        if let Some(peers) = settings.trusted {
            config.trusted = TrustedPeers::within(networks("trusted", &peers, &mut invalid));
        }
        config.bodies = settings.bodies;
        config.event_streams = settings.event_streams;
        config.grpc_streams = settings.grpc_streams;
        let status = settings.status;
        invalid.extend(status.and_then(|status| crate::status::invalid("status", status)));
        config.status = status;
        invalid.extend(config.invalid_times());
        ConfigError::check(SETTINGS, invalid, config).map(Self::of)
    }
}
