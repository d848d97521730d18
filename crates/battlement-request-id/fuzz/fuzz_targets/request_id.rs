//! Arbitrary request headers yield a valid request id, and do not panic.
#![no_main]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use battlement_request_id::{RequestId, RequestIdLayer, TraceContext, Trust};
use http::{HeaderValue, Request, Response};
use libfuzzer_sys::fuzz_target;
use tower_layer::Layer;
use tower_service::Service;

struct Handler;

impl Service<Request<()>> for Handler {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        assert!(RequestId::of(&request).is_some());
        ready(Ok(Response::new(())))
    }
}

fn request(input: &[u8]) -> Request<()> {
    let mut request = Request::new(());
    let names = ["x-request-id", "traceparent", "tracestate", "x-request-id"];
    for (line, name) in input.split(|byte| *byte == b'\n').zip(names) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            request.headers_mut().append(name, value);
        }
    }
    request
}

fuzz_target!(|input: &[u8]| {
    for trust in [Trust::IfValid, Trust::Always, Trust::Never] {
        let always = matches!(trust, Trust::Always);
        let layer = RequestIdLayer::new().trust(trust).trace_context(TraceContext::Own);
        let request = request(input);
        let inbound = request.headers().get("x-request-id").cloned();
        let future = pin!(layer.layer(Handler).call(request));
        let Poll::Ready(Ok(response)) = future.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the handler answers at once");
        };
        let ids: Vec<_> = response.headers().get_all("x-request-id").iter().collect();
        let [id] = ids[..] else { panic!("{ids:?}") };
        assert!((1..=128).contains(&id.len()));
        assert!(id.as_bytes().iter().all(u8::is_ascii_graphic));
        assert!(!id.as_bytes().iter().any(|byte| b"\"\\<>".contains(byte)));
        if inbound.as_ref() == Some(id) && !always {
            assert!(
                id.len() >= 8 && !id.as_bytes().iter().any(|byte| b"(),/:;=?@[]{}".contains(byte))
            );
        }
    }
});
