use std::{net::IpAddr, ops::RangeInclusive};

use battlement_core::settings::PlainEnum;
use http::HeaderName;
use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::{
    ConfigError, Generator, InvalidField, RequestIdLayer, RequestSpan, TraceContext, Trust,
    Untrusted,
    server::config::{Config, MAX_LEN, MIN_LEN},
};

battlement_core::settings! {
    /// The settings of a [`RequestIdLayer`] in a configuration file.
    ///
    /// Every field is optional, with the default of [`RequestIdLayer::new`]; unknown fields are rejected by name.
    /// `TryFrom` reports every invalid field at once.
    ///
    /// ```
    /// use battlement_request_id::{RequestIdLayer, RequestIdSettings};
    ///
    /// let settings: RequestIdSettings = serde_json::from_str(
    ///     r#"{ "trust": { "peers": ["10.0.0.0/8"] }, "generator": "hex128", "trace_context": "own" }"#,
    /// ).unwrap();
    /// let layer = RequestIdLayer::try_from(settings).unwrap();
    /// ```
    #[derive(Clone, Debug)]
    #[derive(Deserialize)]
    #[serde(
        remote = "RequestIdSettings",
        default = "RequestIdSettings::default",
        deny_unknown_fields,
    )]
    pub struct RequestIdSettings {
        /// [`RequestIdLayer::enabled`].
        pub enabled: bool,
        /// [`RequestIdLayer::header`].
        pub header: String,
        /// [`RequestIdLayer::trust`]: `if-valid`, `never`, `always` or `{ peers: [..] }`.
        pub trust: TrustSetting,
        /// [`RequestIdLayer::trust_trace`], with the same values.
        pub trust_trace: Option<TrustSetting>,
        /// The lower bound of [`RequestIdLayer::accept_length`], in bytes.
        pub min_length: Option<usize>,
        /// The upper bound of [`RequestIdLayer::accept_length`], in bytes.
        pub max_length: Option<usize>,
        /// [`RequestIdLayer::generator`]: `uuid-v7`, `uuid-v4` or `hex128`.
        pub generator: GeneratorSetting,
        /// [`RequestIdLayer::correlation`].
        pub correlation: Option<String>,
        /// [`RequestIdLayer::trace_context`]: `off`, `read`, `own` or, with that feature, `opentelemetry`.
        pub trace_context: TraceContext,
        /// [`RequestIdLayer::untrusted_trace`]: `restart` or `link`.
        pub untrusted_trace: Untrusted,
        /// [`RequestIdLayer::sample_new_traces`].
        pub sample_new_traces: bool,
        /// [`RequestIdLayer::span`]: `own`, `current` or `off`.
        pub span: RequestSpan,
        /// [`RequestIdLayer::echo`].
        pub echo: bool,
        /// [`RequestIdLayer::rewrite_request`].
        pub rewrite_request: bool,
    }
}

/// The form of [`Trust`] in a configuration file, without predicates.
#[derive(Clone, Debug, Default)]
pub enum TrustSetting {
    /// [`Trust::IfValid`].
    #[default]
    IfValid,
    /// [`Trust::Never`].
    Never,
    /// [`Trust::Always`].
    Always,
    /// [`Trust::Peers`], each a network such as `10.0.0.0/8` or an address.
    Peers(Vec<String>),
}

impl<'de> Deserialize<'de> for TrustSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "TrustSetting", rename_all = "kebab-case")]
        enum Plain {
            IfValid,
            Never,
            Always,
            Peers(Vec<String>),
        }
        Plain::deserialize(PlainEnum::new(deserializer))
    }
}

/// The form of [`Generator`] in a configuration file, without closures.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorSetting {
    /// [`Generator::uuid_v7`].
    #[default]
    UuidV7,
    /// [`Generator::uuid_v4`].
    UuidV4,
    /// [`Generator::hex128`].
    Hex128,
}

impl Default for RequestIdSettings {
    fn default() -> Self {
        let config = Config::default();
        Self {
            enabled: config.enabled,
            header: config.header.as_str().to_owned(),
            trust: TrustSetting::default(),
            trust_trace: None,
            min_length: None,
            max_length: None,
            generator: GeneratorSetting::default(),
            correlation: None,
            trace_context: config.trace,
            untrusted_trace: config.untrusted,
            sample_new_traces: config.sample_new_traces,
            span: config.span,
            echo: config.echo,
            rewrite_request: config.rewrite_request,
        }
    }
}

impl TryFrom<RequestIdSettings> for RequestIdLayer {
    type Error = ConfigError;

    fn try_from(settings: RequestIdSettings) -> Result<Self, ConfigError> {
        let defaults = Config::default();
        let mut invalid = Vec::new();
        let header = header_name("header", &settings.header, &mut invalid);
        let correlation =
            settings.correlation.and_then(|name| header_name("correlation", &name, &mut invalid));
        let header_is_known = header.is_some();
        let trust_trace = settings.trust_trace.map(|by| trust("trust_trace", by, &mut invalid));
        let trust = trust("trust", settings.trust, &mut invalid);
        let config = Config {
            enabled: settings.enabled,
            header: header.unwrap_or(defaults.header),
            trust,
            trust_trace,
            accept_length: accept_length(settings.min_length, settings.max_length),
            generator: settings.generator.into(),
            correlation,
            trace: settings.trace_context,
            untrusted: settings.untrusted_trace,
            sample_new_traces: settings.sample_new_traces,
            span: settings.span,
            echo: settings.echo,
            rewrite_request: settings.rewrite_request,
        };
        // A conflict with the default header alone is not an error of the file.
        let is_in_file = |field: &InvalidField| header_is_known || field.field() != "correlation";
        invalid.extend(
            config.invalid_fields().into_iter().filter(is_in_file).map(named_as_in_the_file),
        );
        ConfigError::check("request id settings", invalid, config).map(Self::of)
    }
}

impl From<GeneratorSetting> for Generator {
    fn from(setting: GeneratorSetting) -> Self {
        match setting {
            GeneratorSetting::UuidV7 => Self::uuid_v7(),
            GeneratorSetting::UuidV4 => Self::uuid_v4(),
            GeneratorSetting::Hex128 => Self::hex128(),
        }
    }
}

fn header_name(field: &str, name: &str, invalid: &mut Vec<InvalidField>) -> Option<HeaderName> {
    let parsed = name.parse().ok();
    if parsed.is_none() {
        let message = format!("must be a header name such as x-request-id, got {name:?}");
        invalid.push(InvalidField::new(field, message));
    }
    parsed
}

fn accept_length(min: Option<usize>, max: Option<usize>) -> Option<RangeInclusive<usize>> {
    match (min, max) {
        (None, None) => None,
        _ => Some(min.unwrap_or(MIN_LEN)..=max.unwrap_or(MAX_LEN)),
    }
}

/// Renames the field of a setter that has two fields in the file.
fn named_as_in_the_file(field: InvalidField) -> InvalidField {
    if field.field() == "accept_length" {
        return InvalidField::new("min_length, max_length", field.message());
    }
    field
}

fn trust(field: &str, setting: TrustSetting, invalid: &mut Vec<InvalidField>) -> Trust {
    let networks = match setting {
        TrustSetting::IfValid => return Trust::IfValid,
        TrustSetting::Never => return Trust::Never,
        TrustSetting::Always => return Trust::Always,
        TrustSetting::Peers(networks) => networks,
    };
    Trust::peers(networks.iter().filter_map(|text| {
        let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse::<IpNet>().ok().or_else(alone);
        if network.is_none() {
            let message = format!("`peers` must contain networks such as 10.0.0.0/8, got {text:?}");
            invalid.push(InvalidField::new(field, message));
        }
        network
    }))
}
