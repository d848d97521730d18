use std::collections::BTreeSet;

use battlement_concurrency_limit::{
    ConcurrencyLimitLayer, Overloaded, Reason, Rejection, RejectionKind,
};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError, Reply};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tower::{Layer as _, Service as _};

use super::support::{Client, SECOND};

fn grpc() -> Request<ProbeBody> {
    let request = Request::post("/shop.Orders/Place").header("content-type", "application/grpc");
    request.body(ProbeBody::empty()).unwrap()
}

#[tokio::test]
async fn a_rejection_is_a_503_with_a_retry_after_of_1_to_3_s() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let _call = client.pending();
    let mut waits = BTreeSet::new();
    for _ in 0..100 {
        let response = client.call().await;
        assert_eq!(response.status(), 503);
        let rejection = *response.extensions().get::<Rejection>().unwrap();
        assert_eq!(rejection.kind(), RejectionKind::Overloaded);
        let wait = rejection.retry_after().unwrap();
        assert!((SECOND..=3 * SECOND).contains(&wait), "{wait:?}");
        waits.insert(response.headers()["retry-after"].to_str().unwrap().to_owned());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&body).contains(r#""code":"overloaded""#));
    }
    assert_eq!(waits, ["1", "2", "3"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_grpc_caller_gets_unavailable_or_resource_exhausted_with_a_pushback() {
    for (is_exhausted, code) in [(false, "14"), (true, "8")] {
        let layer = ConcurrencyLimitLayer::fixed(1).resource_exhausted(is_exhausted);
        let client = Client::new(layer.pair());
        let _call = client.pending();
        let response = client.service.clone().call(grpc()).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], code);
        let pushback = response.headers()["grpc-retry-pushback-ms"].to_str().unwrap();
        assert!((1_000..=3_000).contains(&pushback.parse().unwrap()), "{pushback}");
    }
}

#[tokio::test]
async fn a_rejection_as_an_error_is_typed_and_has_the_rejection_as_its_source() {
    let layer = ConcurrencyLimitLayer::fixed(1).as_error();
    let mut service = layer.layer(Probe::new());
    let call = service.call(Request::new(ProbeBody::empty()));
    let error = service.call(Request::new(ProbeBody::empty())).await.unwrap_err();
    let overloaded: &Overloaded = error.downcast_ref().unwrap();
    assert_eq!(overloaded.reason(), Reason::Full);
    let rejection = Rejection::find(error.as_ref()).unwrap();
    assert_eq!(rejection.kind(), RejectionKind::Overloaded);
    assert_eq!(rejection.retry_after(), Some(overloaded.retry_after()));
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_error_of_the_service_is_unchanged() {
    for (layer, handle) in
        [ConcurrencyLimitLayer::fixed(1).pair(), ConcurrencyLimitLayer::adaptive().pair()]
    {
        let client = Client::new((layer, handle));
        let error = client.begin(Reply::error(ProbeError::new("broken"))).await.unwrap_err();
        assert_eq!(error, ProbeError::new("broken"));
        assert_eq!(client.in_flight(), 0);
    }
}

#[tokio::test]
async fn a_request_with_a_large_body_that_is_rejected_closes_its_connection() {
    let client = Client::new(ConcurrencyLimitLayer::fixed(1).pair());
    let _call = client.pending();
    let upload = Request::post("/photos").header("content-length", "60000");
    let response: Response<_> =
        client.service.clone().call(upload.body(ProbeBody::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["connection"], "close");
}
