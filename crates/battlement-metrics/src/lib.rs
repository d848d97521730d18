//! Every request counted once, and rightly: rate, errors and duration for Prometheus.
//!
//! # The failure it prevents
//!
//! The dashboard is green while users wait: durations end with the head, and the body takes seconds. Those
//! who give up are counted nowhere. The gauge of requests under way climbs for weeks, since it forgets the
//! ones that were cancelled. And one night a scanner asks for a hundred thousand paths, each becomes a
//! series, and the monitoring is what goes down.
//!
//! ```
//! use battlement_metrics::{Exposition, Format, HttpMetrics};
//! use http::{Request, Response};
//! use http_body_util::Empty;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let metrics = HttpMetrics::builder().leave_out(["/livez"]).build();
//! let service = ServiceBuilder::new()
//!     .layer(metrics.server_layer())
//!     .service(service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
//!     }));
//! service.oneshot(Request::new(())).await.unwrap();
//!
//! // A service for `/metrics`, best on a port of its own.
//! let page = Exposition::new().metrics(&metrics);
//! assert!(page.render(Format::Text).contains("http_server_request_duration_seconds_count"));
//! # }
//! ```
//!
//! # What it does to a request
//!
//! [`HttpMetrics::server_layer`] counts a request when it is over: when its body has ended, failed or was
//! dropped, or its future was. The metrics are those of OpenTelemetry's semantic conventions.
//!
//! | metric | labels |
//! |---|---|
//! | `http_server_request_duration_seconds` | `http_request_method`, `url_scheme`, `http_response_status_code`, `http_route`, `error_type` |
//! | `http_server_stream_duration_seconds`: event streams and upgrades | the same |
//! | `http_server_active_requests` | `http_request_method`, `url_scheme` |
//! | `http_server_time_to_first_byte_seconds`, if asked for | as the duration |
//! | `http_server_{request,response}_body_size_bytes`, if asked for | as the duration |
//! | `http_client_…`, the same of [`HttpMetrics::client_layer`] | `server_address` in the place of scheme and route |
//! | `rpc_server_call_duration_seconds`, of [`HttpMetrics::grpc_layer`] | `rpc_system_name`, `rpc_method`, `rpc_status_code`, `error_type` |
//! | `rpc_server_stream_duration_seconds` | the same |
//! | `rpc_client_…`, the same of [`HttpMetrics::grpc_client_layer`] | also `server_address` |
//! | `battlement_metrics_overflow_total`: observations beyond the caps | `metric` |
//! | `battlement_metrics_clashes`: metrics left out because another has their name | |
//! | `battlement_metrics_left_out`: metrics and samples left out for another reason | `reason` (`invalid`, `panic`) |
//!
//! The number of requests is the histogram's `_count`, that of streams is beside it. `error_type` is the
//! status of a failure (5xx; around a client 4xx too), else `cancelled`, `timeout` or `shutdown` for a
//! request that was dropped, `body_error` where the body broke, `error` where the service failed without
//! an answer, `panic`. What was cancelled is no error of the server: leave it out of its error budget.
//! [`Naming`] has other names for dashboards that are there already.
//!
//! A gRPC call has the status of its trailers. gRPC-Web has these in the last frame of its body, binary or base64,
//! and they are read there in constant memory; where a `content-encoding` hides them, the call has no status. A call
//! that its caller gave up is `CANCELLED`, and its `error_type` is `cancelled`.
//!
//! Around a client, a response that was dropped unread counts by its status: the caller wanted the head alone, as
//! after `error_for_status`. One that was dropped after its body was polled is `cancelled`.
//!
//! The same layer around a router and inside of it counts a request once, and learns the route from the inner one.
//! Two `HttpMetrics` count a request each.
//!
//! The route is what a router, or whoever knows, tells: a layer inside with `RequestFacts::set_route`, a
//! [`RouteTemplate`] on the response, axum's `MatchedPath` (feature `axum`, where the layer stands inside
//! the router; `note_route` tells it to one outside), a [table](HttpMetricsBuilder::route_table), a
//! [closure](HttpMetricsBuilder::route_by). Where nobody knows there is no label; the path is never one.
//!
//! The scheme is the one that a trusted proxy wrote (`battlement-client-ip`), or that of the connection, which the
//! server inserts into the extensions of each request ([`ConnectionScheme`]), or the one set by
//! [`assume_https`](HttpMetricsBuilder::assume_https). The URI of a request does not count: a client may send
//! `GET https://host/` over plain TCP as well.
//!
//! [`Exposition`] has more for the page: [`process`](Exposition::process) (CPU, memory, descriptors, threads),
//! [`runtime`](Exposition::runtime) (tokio's workers and queue), [`schedule_delay`](Exposition::schedule_delay)
//! (how late tasks are run), [`build_info`](Exposition::build_info), and [`gauge`](Exposition::gauge) for a
//! value of your own, as the connections of a pool.
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | buckets | 5 ms to 10 s, 14 of them | OpenTelemetry's |
//! | methods | RFC 9110's, PATCH, QUERY; else `_OTHER` | a client may send any word |
//! | routes, series of a metric, client names | at most 256, 2,000, 64 (bounds: 16,384, 100,000, 1,024) | what is beyond is one series, `otel_metric_overflow="true"`, and a metric tells |
//! | requests under way | counted | people scale on it |
//! | time to first byte, body sizes, version of HTTP | not measured | each costs series |
//! | exemplars | of sampled traces, in OpenMetrics | from a bucket to a trace that is in it |
//! | shards | the number of processors, at most 16 (bound: 64) | threads do not wait for each other's caches |
//!
//! # Where it goes in the stack
//!
//! On the server outside of all that answers: only request id, client address and access log stand further
//! out. So a 429 of a limiter and the 500 of a panic are counted. Around a client outermost, where a call
//! with its retries is one, or innermost, where each try is.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # Compared with the layers people use today
//!
//! axum-prometheus and opentelemetry-instrumentation-tower measure up to the head, and do not count
//! requests that were cancelled; the former makes a series of any path that has no route, the latter lets
//! its gauge grow with each cancelled request.
//!
//! # When the caller goes away
//!
//! The request is counted in the moment its future or body is dropped, as `cancelled`, or as what a layer
//! further out said with `RequestFacts::drop_for`; the gauge goes down. hyper drops bodies of answers to
//! HEAD, of 204 and of 304 without polling them: these are complete. A connection that was handed over is
//! counted with the head of its answer, since no layer sees what becomes of it.
//!
//! # Feature flags
//!
//! - `axum`: routes from `MatchedPath`, and `note_route`
//! - `prometheus-client`: the module `prometheus_client`; a registry of yours on the page, ours in one
//! - `serde`: `MetricsSettings`, to be read from a configuration file
//! - `client-ip`: `Exposition::client_ip`, which shows what battlement's client addresses are decided from
//! - `rate-limit`: the module `rate_limit`, which counts what battlement's rate limits decide;
//!   `rate-limit-redis`: and what they ask of Redis

#![cfg_attr(docsrs, feature(doc_cfg))]

mod active;
mod body;
mod buckets;
mod builder;
#[cfg(feature = "client-ip")]
mod client_ip;
mod config;
mod exemplar;
mod exposition;
mod family;
mod future;
mod gather;
mod gauge;
mod histogram;
mod key;
#[cfg(feature = "rate-limit")]
mod labelled;
mod layer;
mod methods;
mod metrics;
mod names;
mod naming;
mod nested;
#[cfg(target_os = "linux")]
mod process;
#[cfg(feature = "prometheus-client")]
pub mod prometheus_client;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
mod recorder;
mod route;
mod runtime;
mod schedule_delay;
mod series;
mod service;
#[cfg(feature = "serde")]
mod settings;
mod shard;
mod side;
mod slots;
mod ticket;
mod traffic;

pub use battlement_core::{ConfigError, ConnectionScheme, InvalidField, Scheme};

#[cfg(feature = "axum")]
pub use self::route::note_route;
#[cfg(feature = "serde")]
pub use self::settings::MetricsSettings;
pub use self::{
    body::ResponseBody,
    builder::HttpMetricsBuilder,
    exposition::{Exposition, Format, PageBody, ScrapeFuture},
    future::ResponseFuture,
    layer::MetricsLayer,
    metrics::HttpMetrics,
    naming::Naming,
    route::RouteTemplate,
    service::Metrics,
};
