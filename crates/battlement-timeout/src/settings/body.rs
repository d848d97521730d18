use std::time::Duration;

use battlement_core::{ConfigError, InvalidField, settings::duration};
use serde::Deserialize;

use crate::{
    BodyLimits, BodyTimeoutLayer,
    body::{Config, SETTINGS},
};

battlement_core::settings! {
    /// The settings of a [`BodyTimeoutLayer`] in a configuration file.
    ///
    /// Every field is optional and has the default of [`BodyTimeoutLayer::new`]. Unknown fields are rejected by name.
    /// `TryFrom` reports every invalid field at once.
    ///
    /// ```
    /// use battlement_timeout::{BodyTimeoutLayer, BodyTimeoutSettings};
    ///
    /// let settings: BodyTimeoutSettings = serde_json::from_str(
    ///     r#"{ "request": { "idle": "2s", "total": "none" }, "response": { "total": "10m" } }"#,
    /// ).unwrap();
    /// let layer = BodyTimeoutLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "BodyTimeoutSettings",
        default = "BodyTimeoutSettings::default",
        deny_unknown_fields,
    )]
    pub struct BodyTimeoutSettings {
        /// [`BodyTimeoutLayer::enabled`].
        pub enabled: bool,
        /// [`BodyTimeoutLayer::request`].
        pub request: BodyLimitsSettings,
        /// [`BodyTimeoutLayer::response`].
        pub response: BodyLimitsSettings,
        /// [`BodyTimeoutLayer::event_streams`].
        pub event_streams: bool,
        /// [`BodyTimeoutLayer::grpc_streams`].
        pub grpc_streams: bool,
    }
}

/// The limits of one direction in [`BodyTimeoutSettings`]: durations such as `10s`, or `none`.
///
/// An absent limit has the default of its direction, or is as long as `total` if that is shorter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BodyLimitsSettings {
    /// [`BodyLimits::first_byte`].
    pub first_byte: Option<String>,
    /// [`BodyLimits::idle`].
    pub idle: Option<String>,
    /// [`BodyLimits::total`].
    pub total: Option<String>,
}

impl Default for BodyTimeoutSettings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            enabled: config.enabled,
            request: BodyLimitsSettings::default(),
            response: BodyLimitsSettings::default(),
            event_streams: config.event_streams,
            grpc_streams: config.grpc_streams,
        }
    }
}

impl TryFrom<BodyTimeoutSettings> for BodyTimeoutLayer {
    type Error = ConfigError;

    fn try_from(settings: BodyTimeoutSettings) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        let [request, response] = [
            ("request", settings.request, BodyLimits::requests()),
            ("response", settings.response, BodyLimits::responses()),
        ]
        .map(|(field, settings, defaults)| settings.limits(field, defaults, &mut invalid));
        let config = Config {
            enabled: settings.enabled,
            request,
            response,
            event_streams: settings.event_streams,
            grpc_streams: settings.grpc_streams,
            ..Config::default()
        };
        invalid.extend(config.invalid_fields());
        ConfigError::check(SETTINGS, invalid, config).map(Self::of)
    }
}

impl BodyLimitsSettings {
    fn limits(
        self,
        field: &str,
        defaults: BodyLimits,
        invalid: &mut Vec<InvalidField>,
    ) -> BodyLimits {
        let mut read = |name: &str, text: Option<String>, default| match text.as_deref() {
            None => default,
            Some("none") => None,
            Some(text) => duration(&format!("{field}.{name}"), text, invalid),
        };
        let total = read("total", self.total, defaults.total);
        let within_total = |limit: Option<Duration>| {
            limit.map(|limit| {
                total.filter(|total| !total.is_zero()).map_or(limit, |total| limit.min(total))
            })
        };
        BodyLimits::new()
            .first_byte(read("first_byte", self.first_byte, within_total(defaults.first_byte)))
            .idle(read("idle", self.idle, within_total(defaults.idle)))
            .total(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(json: &str) -> Result<[BodyLimits; 2], String> {
        let settings: BodyTimeoutSettings =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        let layer = BodyTimeoutLayer::try_from(settings).map_err(|error| error.to_string())?;
        Ok(layer.limits_set())
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn absent_limits_have_the_defaults_of_their_direction() {
        assert_eq!(limits("{}"), Ok([BodyLimits::requests(), BodyLimits::responses()]));
        let json =
            r#"{ "request": { "idle": "2s", "total": "none" }, "response": { "total": "10m" } }"#;
        let expected = [
            BodyLimits::requests().idle(2 * SECOND).total(None),
            BodyLimits::responses().total(600 * SECOND),
        ];
        assert_eq!(limits(json), Ok(expected));
    }

    #[test]
    fn absent_limits_are_no_longer_than_the_total() {
        let five = BodyLimits::new().first_byte(5 * SECOND).idle(5 * SECOND).total(5 * SECOND);
        let json = r#"{ "request": { "total": "5s" }, "response": { "total": "5s" } }"#;
        assert_eq!(limits(json), Ok([five, five]));
    }

    #[test]
    fn a_limit_that_cannot_be_read_is_reported_with_its_direction() {
        let error = limits(r#"{ "response": { "idle": 5 } }"#).unwrap_err();
        assert!(error.starts_with("response.idle: invalid type"), "{error}");
        let error = limits(r#"{ "response": { "idle": "soon" } }"#).unwrap_err();
        assert!(error.contains("response.idle: must be a duration such as"), "{error}");
        let error = limits(r#"{ "request": { "tottal": "5s" } }"#).unwrap_err();
        assert!(error.contains("unknown field `tottal`"), "{error}");
    }
}
