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
    /// The settings of a [`RequestIdLayer`] as a configuration file has them.
    ///
    /// Every field may be left out and then is what [`RequestIdLayer::new`] has; unknown ones are refused by
    /// name. `TryFrom` reports every mistake at once.
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
    #[serde(remote = "RequestIdSettings", default = "RequestIdSettings::default", deny_unknown_fields)]
    pub struct RequestIdSettings {
        /// [`RequestIdLayer::enabled`].
        pub enabled: bool,
        /// [`RequestIdLayer::header`].
        pub header: String,
        /// [`RequestIdLayer::trust`]: `if-valid`, `never`, `always` or `{ peers: [..] }`.
        pub trust: TrustSetting,
        /// [`RequestIdLayer::trust_trace`], in the same words.
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

/// The serde side of [`Trust`], but for predicates.
#[derive(Clone, Debug, Default)]
pub enum TrustSetting {
    /// [`Trust::IfValid`].
    #[default]
    IfValid,
    /// [`Trust::Never`].
    Never,
    /// [`Trust::Always`].
    Always,
    /// [`Trust::Peers`], each as `10.0.0.0/8`, or an address for it alone.
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

/// The serde side of [`Generator`], but for closures.
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
        let mut mistakes = Vec::new();
        let header = header_name("header", &settings.header, &mut mistakes);
        let correlation =
            settings.correlation.and_then(|name| header_name("correlation", &name, &mut mistakes));
        let header_is_known = header.is_some();
        let trust_trace = settings.trust_trace.map(|by| trust("trust_trace", by, &mut mistakes));
        let trust = trust("trust", settings.trust, &mut mistakes);
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
        // What clashes with the default header alone is no mistake of the file's.
        let is_real = |mistake: &InvalidField| header_is_known || mistake.field() != "correlation";
        mistakes.extend(config.invalid_fields().into_iter().filter(is_real).map(as_in_the_file));
        ConfigError::check("request id settings", mistakes, config).map(Self::of)
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

fn header_name(field: &str, name: &str, mistakes: &mut Vec<InvalidField>) -> Option<HeaderName> {
    let parsed = name.parse().ok();
    if parsed.is_none() {
        let message = format!("{name:?} is no header name; write one as x-request-id");
        mistakes.push(InvalidField::new(field, message));
    }
    parsed
}

fn accept_length(min: Option<usize>, max: Option<usize>) -> Option<RangeInclusive<usize>> {
    match (min, max) {
        (None, None) => None,
        _ => Some(min.unwrap_or(MIN_LEN)..=max.unwrap_or(MAX_LEN)),
    }
}

/// Where the setter has one name, the file has two.
fn as_in_the_file(mistake: InvalidField) -> InvalidField {
    if mistake.field() == "accept_length" {
        return InvalidField::new("min_length, max_length", mistake.message());
    }
    mistake
}

fn trust(field: &str, setting: TrustSetting, mistakes: &mut Vec<InvalidField>) -> Trust {
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
            let message = format!("peers: {text:?} is no network; write one as 10.0.0.0/8");
            mistakes.push(InvalidField::new(field, message));
        }
        network
    }))
}
