//! A request id in every log line, in every answer, and in every call made for it.
//!
//! # The failure it prevents
//!
//! A user reports that an order failed. The id in the answer is not in the logs, because the layer that
//! wrote it stood inside the one that answered; or the logs of the payment service have another id,
//! because somebody forgot to pass it on; or they have the user's own, which is 4 KB of escape sequences.
//!
//! ```
//! use battlement_request_id::{RequestId, RequestIdLayer};
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
//! # What it does to a request
//!
//! [`RequestIdLayer`] stands on the server's side. It
//!
//! 1. takes the id of the `x-request-id` header, if it is trusted and well-formed, or makes one;
//! 2. reads the caller's `traceparent`, if there is a valid one;
//! 3. puts both where handlers and other layers find them: [`RequestId::of`], [`RequestId::current`], and
//!    with the feature `axum` as extractors;
//! 4. opens a [`tracing`] span with them around the service, its future and its body;
//! 5. sends the id back in the response.
//!
//! The request's own headers stay as they came, unless [`RequestIdLayer::rewrite_request`] is set: an id
//! that was not accepted is not repeated in an answer, a log line or a call, but a handler that reads the
//! raw header reads what the client sent.
//!
//! An answer that hands over the connection (101) has its id like any other. What goes on with the
//! connection runs in a task of its own: wrap it in [`carry`].
//!
//! [`PropagateLayer`] stands around a client and puts the id of the current request on what it sends, with the
//! trace: the caller's, unchanged, where the service only reads it. On a request that a proxy passes on it also
//! removes what was not accepted. Clients that follow redirects, as reqwest does by itself, take these headers
//! along to the next host; its docs show how to switch that off.
//! [`carry`] takes it along into a spawned task, [`carry_fn`] into a thread, and [`scope`] begins a job of
//! its own under an id.
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | header | `x-request-id` | what proxies, Heroku, Envoy and the Node kit write |
//! | trust | [`Trust::IfValid`] | an id is no secret and no permission; the check keeps it harmless |
//! | accepted | 8 to 128 bytes of RFC 9110 token characters | shorter ones collide, longer ones are no ids |
//! | made | UUIDv7 | sorts by time, and every database knows it |
//! | echo | in every response | the user can report it |
//! | correlation id | off | one id is enough, unless callers already send two |
//! | trace context | [`TraceContext::Read`] | logs get the trace id; calls pass the caller's trace on, as W3C asks |
//! | span | `request`, at INFO | lines inside the service carry the ids without a word from you; a filter by target has to let `battlement` through |
//!
//! # Where it goes in the stack
//!
//! Outermost, but for health probes: whatever answers inside it, be it a limiter or a panic, answers with
//! the id. `TraceContext::OpenTelemetry` works there too: the layer's span is the one that is exported. A layer
//! that opens an OpenTelemetry span of its own may also stand outside. An error that leaves the service instead of
//! a response passes as it is and has no header to carry an id; turn errors into responses inside this layer.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # Compared with the layers people use today
//!
//! - tower-http's `SetRequestIdLayer` and `PropagateRequestIdLayer` are two layers with an order to get
//!   right, accept whatever the client sends, and end at the request's extensions: nothing reaches a span,
//!   a body, a spawned task or a client.
//! - OpenTelemetry's layers join a trace, of which a user who reports a failure has never heard. Use them
//!   with this one; [`TraceContext`] says which of the two writes the headers.
//!
//! # When the caller goes away
//!
//! The future or body is dropped inside its span and with its id current, so what its destructors log
//! still says whose it was. The layer holds no count and no permit.
//!
//! # Feature flags
//!
//! - `axum`: extractors, and the peer's address for [`Trust::Peers`]
//! - `opentelemetry`: `TraceContext::OpenTelemetry`, and `PropagateLayer::opentelemetry`
//! - `reqwest`: [`PropagateLayer`] around a `reqwest::Client`
//! - `serde`: `RequestIdSettings`
//! - `tonic`: the peer's address for [`Trust::Peers`] under tonic

#![cfg_attr(docsrs, feature(doc_cfg))]

mod client;
mod generator;
#[cfg(feature = "opentelemetry")]
mod otel;
mod scoped;
mod server;
#[cfg(feature = "serde")]
mod settings;
mod trust;
#[doc(hidden)]
pub mod w3c;

#[cfg(feature = "axum")]
pub use battlement_core::MissingFact;
pub use battlement_core::{
    CorrelationId, InvalidId, Networks, PeerAddr, RequestId, SpanId, Trace, TraceFlags, TraceId,
    TraceLink,
};

#[cfg(feature = "serde")]
pub use self::settings::{GeneratorSetting, RequestIdSettings, TrustSetting};
pub use self::{
    client::{Propagate, PropagateLayer},
    generator::Generator,
    scoped::{Carry, carry, carry_fn, scope},
    server::{
        ConfigError, InvalidField, RequestIdLayer, RequestIdService, RequestSpan, ResponseBody,
        ResponseFuture, TraceContext, Untrusted,
    },
    trust::{Inbound, Predicate, Trust},
};
