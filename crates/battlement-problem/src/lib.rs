//! Errors and panics as answers: operational errors speak, bugs do not.
//!
//! # The failure it prevents
//!
//! An order fails, and the customer reads `error connecting to db-3.internal as root`, since somebody passed
//! on an error's text. Or reads nothing, since a handler panicked and the connection was cut. One client
//! parses JSON, and gets plain text from the framework, an empty body from the router and HTML from the
//! proxy. And the log line that would explain it has no id to find it by.
//!
//! ```
//! use battlement_problem::{Problem, ProblemLayer};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let service = ServiceBuilder::new().layer(ProblemLayer::new()).service(service_fn(
//!     async |request: Request<String>| -> Result<Response<Full<Bytes>>, BoxError> {
//!         if request.body().is_empty() {
//!             return Err(Problem::new(StatusCode::BAD_REQUEST, "no_name").detail("who are you?").into());
//!         }
//!         panic!("cannot greet {}", request.body())
//!     },
//! ));
//!
//! let told = service.clone().oneshot(Request::new(String::new())).await.unwrap();
//! assert_eq!(told.status(), 400);
//! let bug = service.oneshot(Request::new("Ada".to_owned())).await.unwrap();
//! assert_eq!(bug.status(), 500);
//! # }
//! ```
//!
//! # What it does to a request
//!
//! [`ProblemLayer`] stands on the server's side. It remembers the id of the request, its method and what it
//! accepts, calls the service, and
//!
//! 1. writes the [`Problem`] that a handler has left, and the rejection of another layer of ours, in the form
//!    the caller accepts: `application/problem+json` (RFC 9457), plain text or HTML, with the id;
//! 2. gives an error without a content type, or with plain text, a body: the text of a 4xx, up to 4 KiB, is
//!    its detail, that of a 5xx is logged. It is waited for, up to the length that the body says it has. Text that is
//!    not UTF-8 is left out, with a line in the log;
//! 3. turns the error of a service into an answer, whatever its type: what [`ProblemLayer::explain`] says, a
//!    [`Problem`], a rejection of our layers, what tower and hyper turn calls away with; any other is a bug;
//! 4. turns a panic in the call or in the future into an answer, and one in the body into an error of the body, so
//!    that the stream breaks off: HTTP/1 sees no last chunk, HTTP/2 a reset;
//! 5. logs the chain of causes once, under the id, and tells a hook of each bug.
//!
//! A gRPC caller gets a status in the head of an empty answer ("trailers-only"), with the code that means
//! what the status means. Routers answer a path without a route by a 404 without a body and a content type: a gRPC
//! caller reads UNIMPLEMENTED. A 404 with a [`Problem`] or text is NOT_FOUND.
//!
//! Headers of the original response stay, but for those that describe the body which is replaced: its type, length,
//! encoding, language, location, disposition, range, digests, validators (`ETag`, `Last-Modified`), `Accept-Ranges` and
//! `Trailer`. Set on the [`Problem`] itself they stay, and so does the `Content-Range` of a 416. What was no error
//! stays as it is, and so does an error with a body of another type, or one marked [`Untouched`].
//!
//! Code of the application that runs inside the layer, such as the `Display` of an error or a closure that explains it,
//! may fail or panic. The request is answered all the same, and the failure is logged.
//!
//! An error or a panic may leave the request's body unread, and the server then closes an HTTP/1 connection. So the
//! answer says `Connection: close` if the request declares a body of more than 8 KiB or of unknown length, unless
//! it is a GET or HEAD. Over HTTP/2, and after a response of the service, it does not.
//!
//! Its error is [`Infallible`](std::convert::Infallible), as axum and hyper want it, and its body's error a
//! [`BoxError`]: a body that has failed by a panic must not look complete.
//!
//! # Two kinds of errors
//!
//! *Operational* errors were to be expected, and somebody has thought about what to tell: those made by
//! [`Problem::new`]. Everything else is a *bug*. An error that becomes a [`Problem`] by `?` is one, since its
//! text was written for a developer. A bug's answer is always the same.
//!
//! # Defaults
//!
//! | what | default | why |
//! |---|---|---|
//! | form | JSON, unless `Accept` likes text or HTML better | programs outnumber browsers; an error is never a 406 |
//! | `Accept` | read up to 4 KiB, a longer header is ignored | clients send a few hundred bytes, and parsing costs CPU |
//! | types | `about:blank` | says that the status says it all, and no page has to exist |
//! | exposed of a bug | [`Expose::Nothing`] | a cause names tables, hosts and users |
//! | `Cache-Control` | `no-store`, unless the response has one | an error is nobody else's, and it has an id |
//! | logged | bugs at ERROR, other 5xx at WARN and 4xx at INFO, if there is a cause | without a cause all was told |
//! | panic hook | as it was | it belongs to the process; see [`keep_caught_panics_quiet`] |
//!
//! # Where it goes in the stack
//!
//! Outside of whatever can fail: limiters, timeouts, the service. Inside of the layers for ids, logs, metrics and
//! security headers, so that an answer made here has all of theirs. Without a request id outside of it, answers have none.
//!
//! With other layers on an axum `Router`, put all of them on by one `ServiceBuilder` in one `Router::layer` call:
//! each call boxes the service, its future and its body again.
//!
//! # `panic = "abort"`
//!
//! Under `panic = "abort"` in the profile nothing can be caught: a panic anywhere ends the process, whatever
//! layers there are. A bug in one request then ends all others. The layer warns of it once, as it is made. Leave
//! `panic` at `unwind`, its default, for a service.
//!
//! A panic in `poll_ready` is not caught: no request is there yet to be answered. What the service shares between
//! requests is as the panic left it; a `Mutex` is poisoned, which is Rust's own guard for that.
//!
//! # Compared with the layers people use today
//!
//! - tower-http's `CatchPanicLayer` answers panics of the call and the future, in plain text and without the
//!   request's id. A panic in the body takes the connection with it, and errors are not its business.
//! - axum's `HandleErrorLayer` turns errors into responses under axum alone, and asks you for each kind.
//! - Crates for RFC 9457 give you the type, and some put the text of the source into the detail, or rewrite
//!   responses and lose `Allow` and `Retry-After` with their headers.
//!
//! Pages for who comes from `CatchPanicLayer` or has an error type of their own stand in the repository, compiled:
//! `docs/migrate/catch-panic.md` and `app-error.md`.
//!
//! # When the caller goes away
//!
//! The future or body is dropped, and with it the service's own. Nothing is logged; the layer holds no count
//! and no permit. After an upgrade (101) the tunnel is not watched.
//!
//! # Feature flags
//!
//! - `axum`: a [`Problem`] is a handler's answer; axum's rejections become problems by `?`, with the field
//!   that failed; handlers for 404 and 405
//! - `hyper`: knows hyper's errors, and that of http-body-util's `Limited`; the facade has it on
//! - `tower` (on): knows the errors of tower's timeout and load-shed

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod accept;
mod admitted;
mod answer;
mod asked;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod bug;
mod catch;
mod chain;
mod charset;
mod config;
mod explain;
mod field_error;
mod found;
mod future;
mod grpc;
mod layer;
mod panic;
mod problem;
mod reading;
#[doc(hidden)]
pub mod render;
mod replaced;
mod report;
mod service;
mod settings;
mod untouched;

#[cfg(feature = "axum")]
pub use self::axum::{method_not_allowed, not_found};
use self::render::Document;
pub use self::{
    body::ResponseBody,
    bug::Bug,
    catch::keep_caught_panics_quiet,
    config::Expose,
    explain::Explain,
    field_error::FieldError,
    future::ResponseFuture,
    layer::ProblemLayer,
    panic::Panic,
    problem::Problem,
    service::ProblemService,
    settings::{InvalidTypesUri, ProblemSettings},
    untouched::Untouched,
};

/// An error of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
