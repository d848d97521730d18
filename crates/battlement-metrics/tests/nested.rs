//! The same counts around a service and inside of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_core::RequestFacts;
use battlement_metrics::{HttpMetrics, ResponseBody};
use battlement_testkit::probe::{Probe, ProbeBody};
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt};

fn get(path: &str) -> Request<ProbeBody> {
    Request::get(path).body(ProbeBody::empty()).unwrap()
}

async fn put_through<S>(service: S, request: Request<ProbeBody>)
where
    S: Service<Request<ProbeBody>, Response = Response<ResponseBody<ResponseBody<ProbeBody>>>>,
{
    let response = service.oneshot(request).await.ok().unwrap();
    response.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn the_same_layer_twice_counts_once_and_two_metrics_count_each() {
    let (one, two) = (HttpMetrics::new(), HttpMetrics::new());
    let twice = (one.server_layer(), one.server_layer());
    put_through(twice.layer(Probe::new()), get("/")).await;
    assert_eq!((one.ended(), one.active()), (1, 0));
    let both = (one.server_layer(), two.server_layer());
    put_through(both.layer(Probe::new()), get("/")).await;
    assert_eq!((one.ended(), two.ended()), (2, 1));
    let four = (one.server_layer(), two.server_layer(), one.server_layer(), two.server_layer());
    let response = four.layer(Probe::new()).oneshot(get("/")).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!((one.ended(), two.ended()), (3, 2));
    assert_eq!((one.active(), two.active()), (0, 0));
}

#[tokio::test]
async fn every_attempt_of_a_retry_outside_is_counted() {
    let metrics = HttpMetrics::new();
    let counted = metrics.server_layer().layer(Probe::new());
    let mut request = get("/");
    RequestFacts::of_or_start(&mut request);
    for _ in 0..3 {
        let mut attempt = get("/");
        *attempt.extensions_mut() = request.extensions().clone();
        drop(counted.clone().oneshot(attempt).await.unwrap());
    }
    assert_eq!((metrics.ended(), metrics.active()), (3, 0));
}
