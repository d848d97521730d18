//! Tests what the peers log of a request, as COMPARE.md describes it.
#![allow(missing_docs, reason = "a test")]

mod ends;
mod lines;
mod log;
mod ours;
mod secrets;
mod writes;

use std::{convert::Infallible, io};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, StreamBody, combinators::BoxBody};
use tokio_stream::Stream;
use tower::{Layer, Service, ServiceExt as _, service_fn};
use tower_http::{
    classify::{ServerErrorsAsFailures, SharedClassifier},
    trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer},
};
use tracing::Level;

pub(crate) type Body = BoxBody<Bytes, io::Error>;
pub(crate) type Request = http::Request<Empty<Bytes>>;
pub(crate) type Trace = TraceLayer<SharedClassifier<ServerErrorsAsFailures>>;

/// Returns the trace that most services have: the span and the line of the response at INFO.
pub(crate) fn trace() -> Trace {
    TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO))
}

pub(crate) fn get(target: &str) -> Request {
    http::Request::get(target).body(Empty::new()).unwrap()
}

/// Returns a body of these frames.
pub(crate) fn body<S>(frames: S) -> Body
where
    S: Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + 'static,
{
    StreamBody::new(frames).boxed()
}

/// Returns a body of one frame that does not know that it is the last one.
pub(crate) fn hello() -> Body {
    body(tokio_stream::once(Ok(Frame::data(Bytes::from_static(b"hello")))))
}

/// Sends a request to `layer` around a service that answers with `status` and this body, and reads the response.
pub(crate) async fn answered<L, S, B>(layer: &L, request: Request, status: u16, body: fn() -> Body)
where
    L: Layer<tower::util::BoxCloneSyncService<Request, Response<Body>, Infallible>, Service = S>,
    S: Service<Request, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
{
    let service = service_fn(move |_| async move {
        let mut response = Response::new(body());
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    });
    let service = tower::util::BoxCloneSyncService::new(service);
    let response = layer.layer(service).oneshot(request).await.unwrap();
    let _ = response.into_body().collect().await;
}
