use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitOpen};
use battlement_core::Rejection;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio::time::advance;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use super::support::{Reply, SECOND, billing, is_rejected};

#[tokio::test(start_paused = true)]
async fn a_rejection_is_a_503_with_the_rest_of_the_open_time() {
    let (client, handle) = billing();
    client.open().await;
    let rest = handle.snapshot().next_probe.unwrap();
    let answer = client.call(Reply::Status(200)).await.unwrap();
    assert_eq!((answer.status().as_u16(), is_rejected(&answer)), (503, true));
    let after: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    // Jitter adds at most a tenth of the interval of 5 s, and seconds are rounded up.
    assert!((rest.as_secs()..=rest.as_secs() + 2).contains(&after), "{after} {rest:?}");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains(r#""code":"circuit_open""#));
}

#[tokio::test(start_paused = true)]
async fn the_waits_of_rejected_calls_differ() {
    let (client, _) = billing();
    client.open().await;
    let mut waits = std::collections::HashSet::new();
    for _ in 0..8 {
        let answer = client.call(Reply::Status(200)).await.unwrap();
        waits.insert(answer.extensions().get::<Rejection>().unwrap().retry_after());
    }
    assert!(waits.len() > 4, "{waits:?}");
}

async fn ok(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::default()))
}

#[tokio::test(start_paused = true)]
async fn a_grpc_caller_gets_unavailable_with_a_pushback() {
    let (layer, handle) = CircuitBreakerLayer::new("billing").pair();
    handle.force_open();
    let request = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    let answer = layer.layer(service_fn(ok)).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["grpc-status"], "14");
    let pushback: u64 =
        answer.headers()["grpc-retry-pushback-ms"].to_str().unwrap().parse().unwrap();
    assert!((5_000..=5_500).contains(&pushback), "{pushback}");
}

#[tokio::test(start_paused = true)]
async fn a_rejection_as_an_error_is_typed_and_has_the_rejection_as_its_source() {
    let (layer, handle) = CircuitBreakerLayer::new("billing").as_error().pair();
    let service = layer.layer(service_fn(ok));
    assert_eq!(service.clone().oneshot(Request::new(())).await.unwrap().status(), 200);
    handle.force_open();
    let error = service.oneshot(Request::new(())).await.unwrap_err();
    let open: &CircuitOpen = error.downcast_ref().unwrap();
    let rejection = Rejection::find(error.as_ref()).unwrap();
    assert_eq!(rejection.retry_after(), Some(open.retry_after()));
    assert!(open.retry_after() >= 5 * SECOND, "{open}");
}

/// A service that is never ready, or not polled.
#[derive(Clone)]
struct Dead;

impl Service<Request<()>> for Dead {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        panic!("an open breaker polls the service");
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        panic!("an open breaker calls the service");
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_is_ready_and_never_polls_the_service() {
    let (layer, handle) = CircuitBreakerLayer::new("billing").pair();
    handle.force_open();
    let answer = layer.layer(Dead).oneshot(Request::new(())).await.unwrap();
    assert_eq!(answer.status(), 503);
}

/// A service that fails each call, with the number of times that it was polled ready.
#[derive(Clone, Default)]
struct Failing(Arc<AtomicUsize>);

impl Service<Request<()>> for Failing {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.fetch_add(1, Relaxed);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::builder().status(500).body(Full::default()).unwrap()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_failures_opened_polls_the_service_again_after_the_open_time() {
    let (layer, failing) = (CircuitBreakerLayer::new("billing"), Failing::default());
    let service = layer.layer(failing.clone());
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let answer = service.clone().oneshot(Request::new(())).await.unwrap();
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses, [500, 500, 500, 500, 500, 503, 503]);
    assert_eq!(failing.0.load(Relaxed), 5);
    advance(5 * SECOND).await;
    let probe = service.oneshot(Request::new(())).await.unwrap();
    assert_eq!((probe.status().as_u16(), failing.0.load(Relaxed)), (500, 6));
}

/// A service that panics if it is called before it was polled ready.
#[derive(Clone, Default)]
struct Strict(bool);

impl Service<Request<()>> for Strict {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "called before it was ready");
        ready(Ok(Response::new(Full::default())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_not_polled_is_not_called_after_the_open_time() {
    let (layer, handle) = CircuitBreakerLayer::new("billing").pair();
    let mut service = layer.layer(Strict::default());
    let ready = |service: &mut _| {
        let cx = &mut Context::from_waker(Waker::noop());
        Service::<Request<()>>::poll_ready(service, cx).is_ready()
    };
    handle.force_open();
    assert!(ready(&mut service));
    handle.unforce();
    advance(SECOND).await;
    assert_eq!(service.call(Request::new(())).await.unwrap().status(), 503);
    assert!(ready(&mut service));
    assert_eq!(service.call(Request::new(())).await.unwrap().status(), 200);
}
