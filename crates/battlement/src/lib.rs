//! Small tower layers that make any hyper, axum or tonic service ready for production.
//!
//! One crate re-exports every layer: each is a module behind a feature of the same name, and no feature is on by
//! default. A service that needs a single layer can depend on the crate of that layer instead.
//!
//! | module | feature | purpose |
//! |---|---|---|
//! | `access_log` | `access-log` | writes one record per request, with the right outcome for every way it ends |
//! | `circuit_breaker` | `circuit-breaker` | stops calling an upstream that fails, and probes it until it has recovered |
//! | `client_ip` | `client-ip` | resolves the client's address, scheme and host behind trusted proxies |
//! | `concurrency_limit` | `concurrency-limit` | limits the calls in flight, and adapts the limit to the latency |
//! | `health` | `health` | checks dependencies in the background, and answers the probes of Kubernetes and balancers |
//! | `metrics` | `metrics` | counts each request and call once, and serves a page for Prometheus |
//! | `problem` | `problem` | turns errors and panics into problems (RFC 9457) and gRPC statuses |
//! | `rate_limit` | `rate-limit` | limits requests per key, in bounded memory or in Redis |
//! | `request_id` | `request-id` | puts an id into every log line, response and outgoing call |
//! | `retry` | `retry` | repeats failed calls where that is safe, within a budget and the deadline |
//! | `security_headers` | `security-headers` | sets Helmet's headers, with nonces, per-route changes and Fetch Metadata |
//! | `serve` | `serve` | accepts connections with every limit that a service needs, and drains them |
//! | `shutdown` | `shutdown` | ends the process without losing a request, within a budget of time |
//! | `timeout` | `timeout` | sets deadlines of requests and calls, passes them on, and limits bodies |
//!
//! # Example
//!
#![cfg_attr(feature = "request-id", doc = "```")]
#![cfg_attr(not(feature = "request-id"), doc = "```ignore")]
//! use battlement::request_id::{RequestId, RequestIdLayer};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let service = ServiceBuilder::new()
//!     .layer(RequestIdLayer::new())
//!     .service(service_fn(async |request: Request<String>| {
//!         let id = RequestId::of(&request).unwrap();
//!         Ok::<_, std::convert::Infallible>(Response::new(format!("your request is {id}")))
//!     }));
//!
//! let response = service.oneshot(Request::new(String::new())).await.unwrap();
//! assert!(response.headers().contains_key("x-request-id"));
//! # }
//! ```
//!
//! # Several layers
//!
//! One [`ServiceBuilder`](https://docs.rs/tower/0.5/tower/struct.ServiceBuilder.html) holds all layers, the outermost
//! first, and one `Router::layer` call applies it to an axum `Router`. Every call boxes the service, its future and its
//! body again and clones the boxed service for each request: six layers by six calls cost about twice the instructions
//! and four times the allocations of the same six by one call.
//!
#![cfg_attr(
    all(feature = "problem", feature = "request-id", feature = "security-headers"),
    doc = "```"
)]
#![cfg_attr(
    not(all(feature = "problem", feature = "request-id", feature = "security-headers")),
    doc = "```ignore"
)]
//! use axum::{Router, body::Body, routing::get};
//! use battlement::{
//!     problem::ProblemLayer, request_id::RequestIdLayer, security_headers::SecurityHeadersLayer,
//! };
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let layers = ServiceBuilder::new()
//!     .layer(RequestIdLayer::new())
//!     .layer(SecurityHeadersLayer::api())
//!     .layer(ProblemLayer::new());
//! let app = Router::new().route("/", get(async || "hello")).layer(layers);
//!
//! let missing = http::Request::get("/nowhere").body(Body::empty()).unwrap();
//! let response = app.oneshot(missing).await.unwrap();
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! assert!(response.headers().contains_key("x-request-id"));
//! # }
//! ```
//!
//! # Feature flags
//!
//! - a feature for each layer: `access-log`, `circuit-breaker`, `client-ip`, `concurrency-limit`, `health`, `metrics`,
//!   `problem`, `rate-limit`, `request-id`, `retry`, `security-headers`, `shutdown`, `timeout`
//! - `server`, `client`: the layers of that side
//! - `axum`, `tonic`, `reqwest`, `opentelemetry`, `serde`: the integration of the enabled layers with these crates
//! - `h2`, `hyper`, `hyper-util`: which errors of these clients prove that a call was not processed
//! - `health-http`: the health check of an HTTP upstream
//! - `redis`, `redis-cluster`, `redis-tls`: rate limits that several processes share, and the health check of Redis
//! - `tls`: TLS of the server, in `serve`
//! - `systemd`: notifications of a shutdown for systemd
//! - `full`: every feature

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "rate-limit")]
pub mod rate_limit;

/// The types that layers share, for layers and accept loops of your own.
#[doc(inline)]
pub use battlement_core as core;

/// A record of each request or call, written when it is over.
#[cfg(feature = "access-log")]
#[doc(inline)]
pub use battlement_access_log as access_log;
/// Circuit breakers, by upstream or by key, over HTTP and gRPC or around any service.
#[cfg(feature = "circuit-breaker")]
#[doc(inline)]
pub use battlement_circuit_breaker as circuit_breaker;
/// The client's address, scheme and host behind trusted proxies.
#[cfg(feature = "client-ip")]
#[doc(inline)]
pub use battlement_client_ip as client_ip;
/// Limits of the calls in flight, fixed or adaptive, with a bounded queue and classes, over HTTP and gRPC or around any
/// service.
#[cfg(feature = "concurrency-limit")]
#[doc(inline)]
pub use battlement_concurrency_limit as concurrency_limit;
/// Health probes: checks in the background, gates, heartbeats, and answers over HTTP and gRPC.
#[cfg(feature = "health")]
#[doc(inline)]
pub use battlement_health as health;
/// Metrics of requests and calls, and a page for Prometheus.
#[cfg(feature = "metrics")]
#[doc(inline)]
pub use battlement_metrics as metrics;
/// Errors and panics as problems (RFC 9457) and gRPC statuses, without the text of bugs.
#[cfg(feature = "problem")]
#[doc(inline)]
pub use battlement_problem as problem;
/// Request ids in log lines, responses and outgoing calls, and W3C trace context.
#[cfg(feature = "request-id")]
#[doc(inline)]
pub use battlement_request_id as request_id;

/// Retries of failed calls, where that is safe, within a budget and the deadline.
#[cfg(feature = "retry")]
#[doc(inline)]
pub use battlement_retry as retry;

/// Helmet's security headers, which never weaken a route's own policy.
#[cfg(feature = "security-headers")]
#[doc(inline)]
pub use battlement_security_headers as security_headers;

/// An accept loop with every limit that a service needs, for hyper, axum and tonic.
#[cfg(feature = "serve")]
#[doc(inline)]
pub use battlement_serve as serve;

/// Shutdown and drain: a restart loses no request, and ends in time.
#[cfg(feature = "shutdown")]
#[doc(inline)]
pub use battlement_shutdown as shutdown;

/// Timeouts and deadlines: the remaining time travels with the request, over HTTP and gRPC.
#[cfg(feature = "timeout")]
#[doc(inline)]
pub use battlement_timeout as timeout;
