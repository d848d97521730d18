use battlement_core::{ConfigError, InvalidField, settings::duration};
use http::HeaderName;
use serde::Deserialize;

use self::{levels::levels, sample::sample, writer::sink};
use crate::{
    AccessLogLayer, Query, Skip,
    config::{Config, SETTINGS},
    sink::Sink,
};

mod levels;
mod sample;
#[cfg(test)]
mod tests;
mod writer;

pub use self::{
    levels::LevelSettings,
    writer::{FormatName, WriterSettings},
};

battlement_core::settings! {
    /// The settings of an [`AccessLogLayer`] of a server in a configuration file.
    ///
    /// Every field is optional and has the default of [`AccessLogLayer::new`]. Unknown fields are rejected by name.
    /// `TryFrom` reports every invalid field at once.
    ///
    /// ```
    /// use battlement_access_log::{AccessLogLayer, AccessLogSettings};
    ///
    /// let settings: AccessLogSettings = serde_json::from_str(
    ///     r#"{
    ///         "headers": ["user-agent"],
    ///         "slow": "500ms",
    ///         "sample": 100,
    ///         "skip": { "paths": ["/livez", "/readyz"] },
    ///         "levels": { "client_error": "warn" }
    ///     }"#,
    /// ).unwrap();
    /// let layer = AccessLogLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "AccessLogSettings", default = "AccessLogSettings::default", deny_unknown_fields)]
    pub struct AccessLogSettings {
        /// [`AccessLogLayer::enabled`].
        pub enabled: bool,
        /// [`AccessLogLayer::query`]: `drop` or `redact`.
        pub query: Query,
        /// [`AccessLogLayer::headers`].
        pub headers: Vec<String>,
        /// [`AccessLogLayer::never`].
        pub never: Vec<String>,
        /// [`AccessLogLayer::slow`], as `1s`.
        pub slow: Option<String>,
        /// [`AccessLogLayer::sample`]: `n` records one request in `n`.
        pub sample: Option<u32>,
        /// [`Sample::sampled_traces`](crate::Sample::sampled_traces) in place of `sample`: `n` is the number of traces of
        /// which the tracing system samples one.
        pub sampled_traces: Option<u32>,
        /// [`AccessLogLayer::skip`].
        pub skip: SkipSettings,
        /// [`AccessLogLayer::levels`].
        pub levels: LevelSettings,
        /// [`AccessLogLayer::received`].
        pub received: bool,
        /// [`AccessLogLayer::longest_value`], in bytes.
        pub longest_value: Option<usize>,
        /// [`AccessLogLayer::writer`] to the standard output. Absent: `tracing` events.
        pub stdout: Option<WriterSettings>,
    }
}

battlement_core::settings! {
    /// The settings of a [`Skip`].
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "SkipSettings", default = "SkipSettings::default", deny_unknown_fields)]
    pub struct SkipSettings {
        /// [`Skip::paths`].
        pub paths: Vec<String>,
        /// [`Skip::user_agents`].
        pub user_agents: Vec<String>,
        /// [`Skip::below`].
        pub below: Option<u16>,
    }
}

impl Default for AccessLogSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            query: Query::default(),
            headers: Vec::new(),
            never: Vec::new(),
            slow: None,
            sample: None,
            sampled_traces: None,
            skip: SkipSettings::default(),
            levels: LevelSettings::default(),
            received: false,
            longest_value: None,
            stdout: None,
        }
    }
}

impl TryFrom<AccessLogSettings> for AccessLogLayer {
    type Error = ConfigError;

    fn try_from(settings: AccessLogSettings) -> Result<Self, ConfigError> {
        let (mut invalid, mut config) = (Vec::new(), Config::default());
        config.enabled = settings.enabled;
        config.query = settings.query;
        config.headers = names("headers", &settings.headers, &mut invalid);
        config.never = names("never", &settings.never, &mut invalid);
        if let Some(slow) = settings.slow.and_then(|text| duration("slow", &text, &mut invalid)) {
            config.slow = slow;
        }
        config.sample = sample(settings.sample, settings.sampled_traces, &mut invalid);
        config.skip = skip(settings.skip);
        config.levels = levels(&settings.levels, &mut invalid);
        config.received = settings.received;
        config.longest = settings.longest_value.unwrap_or(config.longest);
        if let Some(writer) = settings.stdout {
            config.sink = sink(&writer, &mut invalid).unwrap_or(Sink::Tracing);
        }
        invalid.extend(config.mistakes());
        ConfigError::check(SETTINGS, invalid, config).map(Self::of)
    }
}

fn names(field: &str, names: &[String], invalid: &mut Vec<InvalidField>) -> Vec<HeaderName> {
    let mut parsed = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match name.parse() {
            Ok(name) => parsed.push(name),
            Err(_) => {
                let message = format!("must be a header name, got {name:?}");
                invalid.push(InvalidField::new(format!("{field}[{at}]"), message));
            }
        }
    }
    parsed
}

fn skip(settings: SkipSettings) -> Skip {
    let skip = Skip::paths(settings.paths).user_agents(settings.user_agents);
    match settings.below {
        Some(below) => skip.below(below),
        None => skip,
    }
}
