//! Sends one request through a layer to a handler whose answer is ready at once.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use tower_layer::Layer;
use tower_service::Service;

struct Handler(Response<Bytes>);

impl Service<Request<()>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(self.0.clone().map(Full::from)))
    }
}

/// Returns the layer's answer for `response`.
pub fn answer(request: Request<()>, response: Response<Bytes>) -> Response<Bytes> {
    let answer = now(ProblemLayer::new().layer(Handler(response)).call(request));
    let (parts, body) = answer.expect("the layer never fails").into_parts();
    let body = now(body.collect()).expect("no body here breaks").to_bytes();
    Response::from_parts(parts, body)
}

fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("everything here is ready at once"),
    }
}

/// Returns the content type, and the body as text.
pub fn told(answer: &Response<Bytes>) -> (&str, &str) {
    let content_type = answer.headers()[CONTENT_TYPE].to_str().expect("ours are ASCII");
    (content_type, str::from_utf8(answer.body()).expect("ours are text"))
}
