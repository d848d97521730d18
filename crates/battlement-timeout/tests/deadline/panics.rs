//! Services that panic in `call`, before there is a future.

use std::{
    convert::Infallible,
    future::Ready,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{Deadline, RequestFacts};
use battlement_timeout::{CallDeadlineLayer, DeadlineLayer, DeadlineOverride};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::served::{MS, get, grpc, left};

/// A service that has a deadline in `call`, and panics there.
struct Panics;

impl Service<Request<()>> for Panics {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        let left = Deadline::current().map(Deadline::remaining);
        panic!("expected by the test: {left:?}")
    }
}

/// Returns the message of the panic of a call through `layer`.
fn panic_of<L>(layer: &L, request: Request<()>) -> String
where
    L: Layer<Panics, Service: Service<Request<()>>>,
{
    let mut service = layer.layer(Panics);
    let called = catch_unwind(AssertUnwindSafe(|| drop(service.call(request))));
    *called.unwrap_err().downcast().unwrap()
}

fn with_facts() -> Request<()> {
    let mut request = get(&[]);
    RequestFacts::of_or_start(&mut request);
    request
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_call_of_a_service_leaves_no_deadline_behind() {
    let layer = DeadlineLayer::new();
    for (request, left) in [(with_facts(), "30s"), (get(&[]), "30s"), (grpc(&["200m"]), "200ms")] {
        let message = panic_of(&layer, request);
        assert_eq!(message, format!("expected by the test: Some({left})"));
        assert_eq!(Deadline::current(), None);
    }
    assert_eq!(left(&layer, grpc(&["300m"])).await, 300 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_call_leaves_no_limit_behind() {
    let layer = CallDeadlineLayer::new(20 * MS);
    let deadline = Deadline::after(Instant::now(), Duration::from_secs(9));
    deadline.within(|| {
        for layer in [layer.clone(), layer.clone().detached()] {
            assert_eq!(panic_of(&layer, get(&[])), "expected by the test: Some(20ms)");
            assert_eq!(Deadline::current(), Some(deadline));
        }
    });
    assert_eq!(Deadline::current(), None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_call_of_a_route_leaves_the_deadline_of_no_request_behind() {
    let (outer, route) = (DeadlineLayer::new(), DeadlineOverride::new(5 * MS));
    let mut service = outer.layer(route.layer(Panics));
    let called = catch_unwind(AssertUnwindSafe(|| drop(service.call(get(&[])))));
    let message: String = *called.unwrap_err().downcast().unwrap();
    assert_eq!(message, "expected by the test: Some(5ms)");
    assert_eq!(Deadline::current(), None);
}
