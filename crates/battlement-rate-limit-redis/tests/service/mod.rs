//! A service to wrap in layers, and its answers.

use std::convert::Infallible;

use battlement_rate_limit::RateLimitLayer;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tower::{Layer, Service, ServiceExt as _, service_fn};

pub(crate) type Empty = http_body_util::Empty<Bytes>;

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    #[allow(dead_code, reason = "not every test file reads them")]
    pub(crate) headers: HeaderMap,
    #[allow(dead_code, reason = "not every test file reads it")]
    pub(crate) body: Bytes,
}

/// Returns a service that always responds with 200.
pub(crate) fn ok()
-> impl Service<Request<()>, Response = Response<Empty>, Error = Infallible, Future: Send> + Clone {
    service_fn(async |_: Request<()>| Ok(Response::new(Empty::new())))
}

/// Calls a new service through the layer.
#[allow(dead_code, reason = "not every test file calls it")]
pub(crate) async fn call(layer: &RateLimitLayer) -> Answer {
    answers(layer.layer(ok())).await
}

/// Calls the service once.
pub(crate) async fn answers<S, B>(service: S) -> Answer
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error = Infallible>,
{
    send(service, Request::new(())).await
}

pub(crate) async fn send<S, B>(service: S, request: Request<()>) -> Answer
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error = Infallible>,
{
    let Ok(response) = service.oneshot(request).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() }
}
