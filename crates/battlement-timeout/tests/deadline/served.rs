//! Requests through a deadline layer.

use std::{convert::Infallible, time::Duration};

use battlement_core::Deadline;
use battlement_timeout::{DeadlineBody, DeadlineLayer};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};

pub(crate) const MS: Duration = Duration::from_millis(1);

pub(crate) type Answer = Response<DeadlineBody<Full<Bytes>>>;

/// Returns the time that a handler sees as left, and the answer.
pub(crate) async fn left(layer: &DeadlineLayer, request: Request<()>) -> Duration {
    let handler = service_fn(async |_: Request<()>| {
        sleep(Duration::ZERO).await;
        let left = Deadline::current().unwrap().remaining();
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert(left);
        Ok::<_, Infallible>(response)
    });
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    *response.extensions().get().unwrap()
}

/// Returns the answer to a request whose handler takes `time`, and how long it took.
pub(crate) async fn serve(
    layer: &DeadlineLayer,
    request: Request<()>,
    time: Duration,
) -> (Answer, Duration) {
    let handler = service_fn(move |_: Request<()>| async move {
        sleep(time).await;
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let start = Instant::now();
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    (response, start.elapsed())
}

pub(crate) fn get(headers: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = Request::get("/").body(()).unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

pub(crate) fn grpc(timeouts: &[&'static str]) -> Request<()> {
    let mut request = get(&[("content-type", "application/grpc")]);
    *request.method_mut() = http::Method::POST;
    for timeout in timeouts {
        request.headers_mut().append("grpc-timeout", timeout.parse().unwrap());
    }
    request
}
