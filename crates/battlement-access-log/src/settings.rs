use battlement_core::{ConfigError, InvalidField, settings::duration};
use http::HeaderName;
use serde::Deserialize;

use crate::{
    AccessLogLayer, Format, Level, Levels, Names, Query, Sample, Skip, Writer,
    config::{Config, SETTINGS},
    sink::Sink,
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

battlement_core::settings! {
    /// The settings of [`Levels`]: `trace`, `debug`, `info`, `warn` or `error`.
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "LevelSettings", default = "LevelSettings::default", deny_unknown_fields)]
    pub struct LevelSettings {
        /// [`Levels::ok`].
        pub ok: Option<String>,
        /// [`Levels::client_error`].
        pub client_error: Option<String>,
        /// [`Levels::cancelled`].
        pub cancelled: Option<String>,
        /// [`Levels::rejected`].
        pub rejected: Option<String>,
        /// [`Levels::failed`].
        pub failed: Option<String>,
    }
}

battlement_core::settings! {
    /// The settings of a [`Writer`].
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "WriterSettings", default = "WriterSettings::default", deny_unknown_fields)]
    pub struct WriterSettings {
        /// [`Format`]: `json` or `combined`. Default: `json`.
        pub format: FormatName,
        /// [`Names`] of JSON: `open-telemetry`, `ecs`, `google-cloud` or `pino-http`.
        pub names: Option<Names>,
        /// [`Writer::queue`], in lines.
        pub queue: Option<usize>,
    }
}

/// The name of a [`Format`] in settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FormatName {
    /// [`Format::Json`].
    #[default]
    Json,
    /// [`Format::Combined`].
    Combined,
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
        match settings.sample {
            Some(0) => invalid.push(InvalidField::new("sample", "must be at least 1, got 0")),
            Some(n) => config.sample = Sample::one_in(n),
            None => {}
        }
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

fn levels(settings: &LevelSettings, invalid: &mut Vec<InvalidField>) -> Levels {
    let mut levels = Levels::new();
    let mut read = |field: &str, name: &Option<String>, set: fn(Levels, Level) -> Levels| {
        let Some(name) = name else { return };
        match level(name) {
            Some(level) => levels = set(levels, level),
            None => {
                let message = format!("must be trace, debug, info, warn or error, got {name:?}");
                invalid.push(InvalidField::new(format!("levels.{field}"), message));
            }
        }
    };
    read("ok", &settings.ok, Levels::ok);
    read("client_error", &settings.client_error, Levels::client_error);
    read("cancelled", &settings.cancelled, Levels::cancelled);
    read("rejected", &settings.rejected, Levels::rejected);
    read("failed", &settings.failed, Levels::failed);
    levels
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "trace" => Level::TRACE,
        "debug" => Level::DEBUG,
        "info" => Level::INFO,
        "warn" => Level::WARN,
        "error" => Level::ERROR,
        _ => return None,
    })
}

fn sink(settings: &WriterSettings, invalid: &mut Vec<InvalidField>) -> Option<Sink> {
    let format = match settings.format {
        FormatName::Json => Format::Json(settings.names.unwrap_or_default()),
        FormatName::Combined => Format::Combined,
    };
    if settings.format == FormatName::Combined && settings.names.is_some() {
        let message = "must be unset with the format `combined`, which has no names";
        invalid.push(InvalidField::new("stdout.names", message));
    }
    let writer = Writer::stdout(format);
    match settings.queue {
        Some(0) => {
            invalid.push(InvalidField::new("stdout.queue", "must be at least 1, got 0"));
            None
        }
        Some(lines) => Some(Sink::Writer(writer.queue(lines))),
        None => Some(Sink::Writer(writer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<AccessLogLayer, String> {
        let settings: AccessLogSettings =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        settings.try_into().map_err(|error: ConfigError| error.to_string())
    }

    #[test]
    fn empty_settings_are_the_defaults_of_the_layer() {
        assert_eq!(format!("{:?}", read("{}").unwrap()), format!("{:?}", AccessLogLayer::new()));
    }

    #[test]
    fn all_settings_are_those_of_the_setters() {
        let json = r#"{
            "enabled": false, "query": "redact", "headers": ["user-agent"], "never": ["x-secret"],
            "slow": "250ms", "sample": 10, "skip": {"paths": ["/a"], "user_agents": ["probe"], "below": 500},
            "levels": {"ok": "debug", "client_error": "warn", "cancelled": "trace", "rejected": "info",
                       "failed": "warn"},
            "received": true, "longest_value": 100,
            "stdout": {"format": "json", "names": "ecs", "queue": 7}
        }"#;
        let levels = Levels::new()
            .ok(Level::DEBUG)
            .client_error(Level::WARN)
            .cancelled(Level::TRACE)
            .rejected(Level::INFO)
            .failed(Level::WARN);
        let layer = AccessLogLayer::new()
            .enabled(false)
            .query(Query::Redact)
            .headers(["user-agent"])
            .never(["x-secret"])
            .slow(std::time::Duration::from_millis(250))
            .sample(Sample::one_in(10))
            .skip(Skip::paths(["/a"]).user_agents(["probe"]).below(500))
            .levels(levels)
            .received(true)
            .longest_value(100)
            .writer(Writer::stdout(Format::Json(Names::Ecs)).queue(7));
        assert_eq!(format!("{:?}", read(json).unwrap()), format!("{layer:?}"));
    }

    #[test]
    fn every_mistake_is_reported_by_name() {
        let error = read(
            r#"{
                "headers": ["authorization", "no header"], "never": ["no header"], "slow": "soon", "sample": 0,
                "skip": {"paths": ["livez"], "below": 1000}, "levels": {"ok": "loud"}, "longest_value": 1,
                "stdout": {"format": "combined", "names": "ecs", "queue": 0}
            }"#,
        )
        .unwrap_err();
        for field in [
            "headers[0]:",
            "headers[1]:",
            "never[0]:",
            "slow:",
            "sample:",
            "skip.paths[0]:",
            "skip.below:",
            "levels.ok:",
            "longest_value:",
            "stdout.names:",
            "stdout.queue:",
        ] {
            assert!(error.contains(field), "{field} is missing in: {error}");
        }
    }

    #[test]
    fn an_unknown_field_is_rejected_by_name() {
        assert!(read(r#"{"heders": []}"#).unwrap_err().contains("heders"));
    }
}
