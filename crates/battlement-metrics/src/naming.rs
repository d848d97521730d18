use battlement_core::{ErrorType, GrpcCode};

use crate::{
    buckets,
    family::{Bounds, Family, Labels},
    key::Key,
    recorder::Recorder,
    side::{MetricNames, Side},
};

/// The names of a server's HTTP metrics on the page, for compatibility with existing dashboards. Metrics of clients,
/// gRPC, streams and sizes always have OpenTelemetry's names.
///
/// | | requests | duration | in flight | labels |
/// |---|---|---|---|---|
/// | `Otel` | | `http_server_request_duration_seconds` | `http_server_active_requests` | `http_request_method`, `url_scheme`, `http_response_status_code`, `http_route`, `error_type` |
/// | `Prometheus` | `http_requests_total` | `http_request_duration_seconds` | `http_requests_in_flight` | `method`, `code`, `handler` |
/// | `AxumPrometheus` | `axum_http_requests_total` | `axum_http_requests_duration_seconds` | `axum_http_requests_pending` | `method`, `status`, `endpoint` |
/// | `ExpressPromBundle` | | `http_request_duration_seconds` | | `method`, `status_code`, `path` |
/// | `PromClient` | `http_requests_total` | `http_request_duration_seconds` | | `method`, `status_code`, `route` |
///
/// Where the column is empty, requests in flight are `http_server_active_requests`. Except with `Otel`, duration
/// bounds are written as by these libraries, `le="10"` instead of OpenTelemetry's `le="10.0"`: to Prometheus 2 the two
/// are different series.
///
/// Except with `Otel`, every request needs a status. A request without a response gets 499 if its client disconnected,
/// 503 during shutdown, the status of the rejection if a battlement layer ended it (504 after a timeout), and 500
/// otherwise. Gauges of requests in flight
/// have no route, which is not known yet when a request begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Naming {
    /// OpenTelemetry's semantic conventions. The default.
    #[default]
    Otel,
    /// The names of Prometheus' client libraries.
    Prometheus,
    /// The names of the crate axum-prometheus.
    AxumPrometheus,
    /// The names of the package express-prom-bundle.
    ExpressPromBundle,
    /// The names that most services use with prom-client alone. [`prefix`](crate::HttpMetricsBuilder::prefix) adds the
    /// name of the service.
    PromClient,
}

impl Naming {
    pub(crate) fn duration_bounds(self) -> &'static [u64] {
        match self {
            Self::Otel => &buckets::DURATION,
            Self::Prometheus | Self::AxumPrometheus | Self::PromClient => &buckets::PROMETHEUS,
            Self::ExpressPromBundle => &buckets::EXPRESS,
        }
    }

    /// Returns the name of the request counter, without `_total`.
    pub(crate) const fn requests(self) -> Option<&'static str> {
        match self {
            Self::Prometheus | Self::PromClient => Some("http_requests"),
            Self::AxumPrometheus => Some("axum_http_requests"),
            Self::Otel | Self::ExpressPromBundle => None,
        }
    }

    /// Returns the notation of the duration bounds of `side`.
    pub(crate) const fn bounds(self, side: Side) -> Bounds {
        match (side, self) {
            (Side::Server, Self::Otel) => Bounds::Decimal,
            (Side::Server, _) => Bounds::Shortest,
            _ => Bounds::Decimal,
        }
    }

    /// Returns `name`, the name of a server's HTTP metric, with `prefix`.
    pub(crate) fn prefixed(self, prefix: &str, name: &str) -> String {
        let own = match self {
            Self::AxumPrometheus => name.strip_prefix("axum_"),
            _ => None,
        };
        format!("{prefix}{}", own.unwrap_or(name))
    }

    pub(crate) const fn names(self, side: Side) -> MetricNames {
        let names = side.names();
        match (side, self) {
            (Side::Server, Self::Prometheus) => MetricNames {
                active: "http_requests_in_flight",
                duration: "http_request_duration_seconds",
                ..names
            },
            (Side::Server, Self::AxumPrometheus) => MetricNames {
                active: "axum_http_requests_pending",
                duration: "axum_http_requests_duration_seconds",
                ..names
            },
            (Side::Server, Self::ExpressPromBundle | Self::PromClient) => {
                MetricNames { duration: "http_request_duration_seconds", ..names }
            }
            _ => names,
        }
    }

    /// Returns the label names of method, status and route.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::Otel => ["http_request_method", "http_response_status_code", "http_route"],
            Self::Prometheus => ["method", "code", "handler"],
            Self::AxumPrometheus => ["method", "status", "endpoint"],
            Self::ExpressPromBundle => ["method", "status_code", "path"],
            Self::PromClient => ["method", "status_code", "route"],
        }
    }

    /// Returns the labels of a series of `side`.
    pub(crate) fn labels(self, recorder: &Recorder, side: Side, key: Key) -> Labels {
        if key.is_overflow() {
            return Family::overflow_labels();
        }
        match side {
            Side::Grpc | Side::GrpcClient => grpc(recorder, side, key),
            Side::Client => client(recorder, key),
            Side::Server => self.server(recorder, key),
        }
    }

    fn server(self, recorder: &Recorder, key: Key) -> Labels {
        let [method, status, route] = self.words();
        let mut labels =
            vec![(method.into(), recorder.config.methods.label(key.method).to_owned())];
        if self == Self::Otel {
            labels.push(("url_scheme".into(), scheme(key).to_owned()));
            push(&mut labels, status, status_of(key));
        } else {
            push(
                &mut labels,
                status,
                Some(status_of(key).unwrap_or_else(|| assumed_status(key.error()))),
            );
        }
        push(&mut labels, route, recorder.routes.text(key.subject).map(str::to_owned));
        if self == Self::Otel {
            push(&mut labels, "error_type", error_type(key, status_of(key)));
            push_optional(&mut labels, key);
        }
        labels
    }

    /// Returns the labels of a gauge of requests in flight.
    pub(crate) fn active_labels(self, recorder: &Recorder, side: Side, key: Key) -> Labels {
        let method = recorder.config.methods.label(key.method).to_owned();
        match (side, self) {
            (Side::Server, Self::Otel) => vec![
                ("http_request_method".into(), method),
                ("url_scheme".into(), scheme(key).to_owned()),
            ],
            (Side::Server, naming) => vec![(naming.words()[0].into(), method)],
            (Side::Grpc, _) => vec![("rpc_system_name".into(), "grpc".into())],
            (Side::GrpcClient, _) => {
                let mut labels = vec![("rpc_system_name".into(), "grpc".into())];
                push(&mut labels, "server_address", client_name(recorder, key));
                labels
            }
            (Side::Client, _) => {
                let mut labels = vec![("http_request_method".into(), method)];
                push(&mut labels, "server_address", client_name(recorder, key));
                labels
            }
        }
    }
}

/// Returns whether a metric name may begin with `prefix`.
pub(crate) fn is_prefix(prefix: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    prefix.bytes().all(is_word) && !prefix.starts_with(|first: char| first.is_ascii_digit())
}

fn client(recorder: &Recorder, key: Key) -> Labels {
    let method = recorder.config.methods.label(key.method).to_owned();
    let mut labels = vec![("http_request_method".into(), method)];
    push(&mut labels, "server_address", client_name(recorder, key));
    push(&mut labels, "http_response_status_code", status_of(key));
    push(&mut labels, "error_type", error_type(key, status_of(key)));
    push_optional(&mut labels, key);
    labels
}

fn grpc(recorder: &Recorder, side: Side, key: Key) -> Labels {
    let method = recorder.grpc_methods.text(key.subject).unwrap_or("_OTHER");
    let code = GrpcCode::ALL.iter().find(|code| **code as u16 + 1 == key.status());
    let code = code.map(|code| code.name().to_owned());
    let mut labels =
        vec![("rpc_system_name".into(), "grpc".into()), ("rpc_method".into(), method.to_owned())];
    if side.is_client() {
        push(&mut labels, "server_address", client_name(recorder, key));
    }
    push(&mut labels, "rpc_status_code", code.clone());
    push(&mut labels, "error_type", error_type(key, code));
    labels
}

fn push(labels: &mut Labels, name: &'static str, value: Option<String>) {
    labels.extend(value.map(|value| (name.into(), value)));
}

/// Adds the labels that are disabled by default.
fn push_optional(labels: &mut Labels, key: Key) {
    labels.extend(key.labels().named().map(|(name, value)| (name.into(), value.to_owned())));
}

fn client_name(recorder: &Recorder, key: Key) -> Option<String> {
    recorder.clients.text(key.owner).map(str::to_owned)
}

const fn scheme(key: Key) -> &'static str {
    if key.is_https() { "https" } else { "http" }
}

fn status_of(key: Key) -> Option<String> {
    (key.status() != 0).then(|| key.status().to_string())
}

fn error_type(key: Key, status: Option<String>) -> Option<String> {
    if key.error() == ErrorType::Status { status } else { key.error().as_str().map(str::to_owned) }
}

/// Returns the status of a request without a response, for namings that need one.
fn assumed_status(error: ErrorType) -> String {
    let status = match error {
        ErrorType::Cancelled => 499,
        ErrorType::Shutdown => 503,
        _ => error.rejection().map_or(500, |kind| kind.status().as_u16()),
    };
    status.to_string()
}
