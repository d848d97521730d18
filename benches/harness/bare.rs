use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use http_body_util::Full;
use tower::Service;

/// The inner service of all measurements: it responds immediately with one header and a short body.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl<B> Service<Request<B>> for Bare {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::from("hello"));
        insert(response.headers_mut(), header::CONTENT_TYPE, "text/plain");
        ready(Ok(response))
    }
}

/// Creates a request with three headers in a map without spare capacity, as hyper does.
#[must_use]
pub fn request() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    let headers = request.headers_mut();
    headers.reserve(3);
    insert(headers, header::HOST, "shop.example");
    insert(headers, header::USER_AGENT, "compare/1.0");
    insert(headers, header::ACCEPT, "application/json");
    request
}

/// Creates a request with the headers of [`request`] and `more`.
#[must_use]
pub fn request_with(more: &[(HeaderName, &'static str)]) -> Request<Full<Bytes>> {
    let mut request = request();
    for (name, value) in more {
        insert(request.headers_mut(), name.clone(), value);
    }
    request
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
