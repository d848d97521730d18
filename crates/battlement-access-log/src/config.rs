use std::time::Duration;

use battlement_core::InvalidField;
use http::{HeaderName, header};

use crate::{
    Levels, Query, Sample, Skip, observe::Observer, route::RouteSettings, sink::Sink,
    truncate::LONGEST,
};

#[cfg(feature = "serde")]
pub(crate) const SETTINGS: &str = "access log settings";

/// The headers that are never logged: they hold credentials.
const SECRETS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
];

/// The settings of a layer, shared by its services.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    pub(crate) sink: Sink,
    pub(crate) query: Query,
    pub(crate) headers: Vec<HeaderName>,
    /// The headers that the user forbids, beside [`SECRETS`].
    pub(crate) never: Vec<HeaderName>,
    pub(crate) slow: Duration,
    pub(crate) sample: Sample,
    pub(crate) skip: Skip,
    pub(crate) levels: Levels,
    pub(crate) received: bool,
    /// The longest value, in bytes.
    pub(crate) longest: usize,
    pub(crate) observer: Observer,
    /// The name of the service that a client calls.
    pub(crate) client: Option<Box<str>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            sink: Sink::Tracing,
            query: Query::default(),
            headers: Vec::new(),
            never: Vec::new(),
            slow: Duration::from_secs(1),
            sample: Sample::ALL,
            skip: Skip::default(),
            levels: Levels::new(),
            received: false,
            longest: LONGEST,
            observer: Observer::default(),
            client: None,
        }
    }
}

impl Config {
    /// Returns whether a record could be written now.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.enabled && self.sink.is_on()
    }

    /// Returns the settings that contradict each other or are out of range.
    pub(crate) fn mistakes(&self) -> Vec<InvalidField> {
        let mut mistakes = Vec::new();
        for (at, name) in self.headers.iter().enumerate() {
            if SECRETS.contains(name) || self.never.contains(name) {
                let message = format!("must not be {name:?}, which is never logged");
                mistakes.push(InvalidField::new(format!("headers[{at}]"), message));
            }
        }
        if self.longest < 16 {
            let message = format!("must be at least 16, got {}", self.longest);
            mistakes.push(InvalidField::new("longest_value", message));
        }
        for (at, path) in self.skip.paths.iter().enumerate() {
            if let Err(message) = battlement_core::check_request_path(path) {
                mistakes.push(InvalidField::new(format!("skip.paths[{at}]"), message));
            }
        }
        if !(100..=600).contains(&self.skip.below) {
            let message = format!("must be 100 to 600, got {}", self.skip.below);
            mistakes.push(InvalidField::new("skip.below", message));
        }
        mistakes
    }

    /// Returns the sampling of a request, whose route may have its own.
    pub(crate) fn sample_of(&self, route: Option<&RouteSettings>) -> Sample {
        route.and_then(|route| route.sample).unwrap_or(self.sample)
    }
}
