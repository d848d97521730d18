use std::time::Duration;

use http::Method;
use serde::Deserialize;

use crate::{
    ConfigError, HttpMetricsBuilder, InvalidField, Label, Naming, builder::check_bounds,
    config::SETTINGS, methods::Methods,
};

battlement_core::settings! {
    /// Settings of an [`HttpMetrics`](crate::HttpMetrics), deserialized from a configuration file.
    ///
    /// Every field is optional and defaults to that of [`HttpMetrics::builder`](crate::HttpMetrics::builder). Unknown
    /// fields are rejected by name. `TryFrom` creates a builder and reports every invalid field at once; settings that
    /// exist only in code (routes, gRPC methods, closures) are set on that builder.
    ///
    /// ```
    /// use battlement_metrics::{HttpMetricsBuilder, MetricsSettings};
    ///
    /// let settings: MetricsSettings = serde_json::from_str(
    ///     r#"{
    ///         "naming": "axum-prometheus",
    ///         "duration_buckets": [0.01, 0.1, 1],
    ///         "leave_out": ["/livez"]
    ///     }"#,
    /// ).unwrap();
    /// let metrics = HttpMetricsBuilder::try_from(settings).unwrap().route_table(["/users/{id}"]).build();
    /// ```
    #[derive(Clone, Debug, Default)]
    #[derive(Deserialize)]
    #[serde(remote = "MetricsSettings", default = "MetricsSettings::default", deny_unknown_fields)]
    pub struct MetricsSettings {
        /// [`HttpMetricsBuilder::naming`]: `otel`, `prometheus`, `axum-prometheus`, `express-prom-bundle` or
        /// `prom-client`.
        pub naming: Naming,
        /// [`HttpMetricsBuilder::prefix`].
        pub prefix: Option<String>,
        /// [`HttpMetricsBuilder::duration_buckets`], in seconds.
        pub duration_buckets: Option<Vec<f64>>,
        /// [`HttpMetricsBuilder::max_routes`].
        pub max_routes: Option<usize>,
        /// [`HttpMetricsBuilder::max_clients`].
        pub max_clients: Option<usize>,
        /// [`HttpMetricsBuilder::max_series`].
        pub max_series: Option<usize>,
        /// [`HttpMetricsBuilder::shards`].
        pub shards: Option<usize>,
        /// [`HttpMetricsBuilder::known_methods`].
        pub known_methods: Option<Vec<String>>,
        /// [`HttpMetricsBuilder::time_to_first_byte`].
        pub time_to_first_byte: bool,
        /// [`HttpMetricsBuilder::body_sizes`].
        pub body_sizes: bool,
        /// [`HttpMetricsBuilder::labels`]: `protocol_version`.
        pub labels: Vec<Label>,
        /// [`HttpMetricsBuilder::exemplars`].
        pub exemplars: Option<bool>,
        /// [`HttpMetricsBuilder::assume_https`].
        pub assume_https: bool,
        /// [`HttpMetricsBuilder::leave_out`].
        pub leave_out: Vec<String>,
    }
}

impl TryFrom<MetricsSettings> for HttpMetricsBuilder {
    type Error = ConfigError;

    fn try_from(settings: MetricsSettings) -> Result<Self, ConfigError> {
        let mut mistakes = Vec::new();
        let bounds =
            settings.duration_buckets.and_then(|bounds| read_bounds(&bounds, &mut mistakes));
        let methods = settings.known_methods.and_then(|words| read_methods(&words, &mut mistakes));
        let mut builder = Self::default()
            .naming(settings.naming)
            .time_to_first_byte(settings.time_to_first_byte)
            .body_sizes(settings.body_sizes)
            .labels(settings.labels)
            .assume_https(settings.assume_https)
            .leave_out(settings.leave_out);
        builder = set(builder, settings.prefix, Self::prefix);
        builder = set(builder, bounds, Self::duration_buckets);
        builder = set(builder, methods, Self::known_methods);
        builder = set(builder, settings.max_routes, Self::max_routes);
        builder = set(builder, settings.max_clients, Self::max_clients);
        builder = set(builder, settings.max_series, Self::max_series);
        builder = set(builder, settings.shards, Self::shards);
        builder = set(builder, settings.exemplars, Self::exemplars);
        mistakes.extend(builder.config.mistakes());
        ConfigError::check(SETTINGS, mistakes, builder)
    }
}

/// Applies `value` if it is set.
fn set<T>(
    builder: HttpMetricsBuilder,
    value: Option<T>,
    setter: impl FnOnce(HttpMetricsBuilder, T) -> HttpMetricsBuilder,
) -> HttpMetricsBuilder {
    match value {
        Some(value) => setter(builder, value),
        None => builder,
    }
}

fn read_bounds(seconds: &[f64], mistakes: &mut Vec<InvalidField>) -> Option<Vec<Duration>> {
    let bounds = seconds.iter().map(|seconds| Duration::try_from_secs_f64(*seconds).ok());
    let checked = match bounds.collect::<Option<Vec<_>>>() {
        None => Err("must be seconds, greater than 0".to_owned()),
        Some(bounds) => check_bounds(&bounds).map(|()| bounds),
    };
    checked.map_err(|message| mistakes.push(InvalidField::new("duration_buckets", message))).ok()
}

fn read_methods(words: &[String], mistakes: &mut Vec<InvalidField>) -> Option<Vec<Method>> {
    let before = mistakes.len();
    let mut methods = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match Method::from_bytes(word.as_bytes()) {
            Ok(method) => methods.push(method),
            Err(_) => {
                let field = format!("known_methods[{at}]");
                mistakes.push(InvalidField::new(field, "must be a method, such as GET"));
            }
        }
    }
    if words.len() > Methods::MOST {
        let message = format!("must be at most {}, got {}", Methods::MOST, words.len());
        mistakes.push(InvalidField::new("known_methods", message));
    }
    (mistakes.len() == before).then_some(methods)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<HttpMetricsBuilder, String> {
        let settings: MetricsSettings =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        settings.try_into().map_err(|error: ConfigError| error.to_string())
    }

    #[test]
    fn with_nothing_said_they_are_the_builder_s_own() {
        let (read, own) = (read("{}").unwrap(), crate::HttpMetrics::builder());
        assert_eq!(format!("{read:?}"), format!("{own:?}"));
    }

    #[test]
    fn every_mistake_is_told_by_its_name() {
        let told = read(
            r#"{
                "duration_buckets": [0.1, 0.1], "known_methods": ["GET", "NO WORD"], "shards": 3,
                "leave_out": ["livez"]
            }"#,
        );
        let told = told.unwrap_err();
        for field in ["duration_buckets:", "known_methods[1]:", "shards:", "leave_out[0]:"] {
            assert!(told.contains(field), "{field} is missing in: {told}");
        }
        assert!(read(r#"{"duration_buckets": [-1]}"#).unwrap_err().contains("seconds"));
    }

    #[test]
    fn sizes_out_of_their_range_are_refused_by_name() {
        let told = read(
            r#"{
                "max_series": 100000000000, "max_routes": 0, "max_clients": 99999, "shards": 4096,
                "leave_out": ["/a?x"], "known_methods": ["get"], "prefix": "a-b"
            }"#,
        );
        let told = told.unwrap_err();
        for field in [
            "max_series: must be 1 to 100000, got 100000000000",
            "max_routes: must be 1 to 16384, got 0",
            "max_clients: must be 1 to 1024, got 99999",
            "shards: must be 1 to 64, got 4096",
            "leave_out[0]:",
            "known_methods[0]: get: methods are case-sensitive; write GET",
            "prefix:",
        ] {
            assert!(told.contains(field), "{field} is missing in: {told}");
        }
        assert!(read(r#"{"naming": "prom-client", "prefix": "shop_"}"#).is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        assert!(read(r#"{"max_rutes": 3}"#).unwrap_err().contains("max_rutes"));
    }
}
