//! Small tower layers that make a hyper, axum or tonic service fit for production.
//!
//! One crate for all of them: each layer is a module behind a feature of the same name, and nothing is
//! switched on by default. A service that wants one layer alone may as well depend on that layer's crate.
//!
//! | module | feature | what it does |
//! |---|---|---|
//! | `client_ip` | `client-ip` | who the client is behind trusted proxies |
//! | `metrics` | `metrics` | every request counted once, and a page for Prometheus |
//! | `problem` | `problem` | errors and panics as problems (RFC 9457) and gRPC statuses |
//! | `rate_limit` | `rate-limit` | how much each client may ask, in bounded memory or in Redis |
//! | `request_id` | `request-id` | an id in every log line, in every answer and in every call made for it |
//! | `security_headers` | `security-headers` | Helmet's headers, nonces, changes by route, Fetch Metadata |
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
//! One [`ServiceBuilder`](https://docs.rs/tower/0.5/tower/struct.ServiceBuilder.html) holds all of them, the outermost
//! first, and goes on an axum `Router` by one `Router::layer` call. Each call boxes the service, its future and its body
//! again and clones the boxed service for each request: six layers by six calls cost about twice the instructions and
//! four times the allocations of the same six by one call.
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
//! - a feature for each layer: `client-ip`, `metrics`, `problem`, `rate-limit`, `request-id`, `security-headers`
//! - `server`, `client`: the layers of that side
//! - `axum`, `tonic`, `reqwest`, `opentelemetry`, `prometheus-client`, `serde`: what joins the layers that
//!   are switched on to these
//! - `redis`, `redis-cluster`, `redis-tls`: rate limits that several processes share
//! - `full`: everything

#![cfg_attr(docsrs, feature(doc_cfg))]

/// What the layers agree on, for those who write layers or accept loops of their own.
#[doc(inline)]
pub use battlement_core as core;

/// Who the client is behind trusted proxies, by an address that nobody can forge.
#[cfg(feature = "client-ip")]
#[doc(inline)]
pub use battlement_client_ip as client_ip;
/// Metrics of requests and calls, and the page that Prometheus reads.
#[cfg(feature = "metrics")]
#[doc(inline)]
pub use battlement_metrics as metrics;
/// Errors and panics as problems and gRPC statuses: operational errors speak, bugs do not.
#[cfg(feature = "problem")]
#[doc(inline)]
pub use battlement_problem as problem;
/// How much each client may ask, in bounded memory.
#[cfg(feature = "rate-limit")]
#[doc(inline)]
pub use battlement_rate_limit as rate_limit;
/// A request id in every log line, in every answer and in every call made for it.
#[cfg(feature = "request-id")]
#[doc(inline)]
pub use battlement_request_id as request_id;

/// Helmet's security headers on every answer, and none of a route's own policies weakened.
#[cfg(feature = "security-headers")]
#[doc(inline)]
pub use battlement_security_headers as security_headers;
