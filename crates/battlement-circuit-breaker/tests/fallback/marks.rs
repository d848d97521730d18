//! The mark and the header of a response from a fallback, and the request that the fallback gets.

use battlement_circuit_breaker::{Failure, FallbackLayer, FallbackMark, FallbackOn, RejectionKind};
use battlement_testkit::{
    contract::Local,
    probe::{Probe, ProbeBody, ProbeError, Reply},
};
use http::{Request, Response, StatusCode};
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Failing, Sender, order};

const HEADER: &str = "battlement-fallback";

fn failing(status: StatusCode) -> Probe {
    let probe = Probe::new();
    probe.always(Reply::status(status));
    probe
}

#[tokio::test]
async fn the_response_has_the_reason_in_its_extensions_and_in_a_header_if_that_is_enabled() {
    let upstream = Failing::start(FallbackOn::Rejected).await;
    let layer = FallbackLayer::value(Response::new("cached")).as_error();
    let client: Sender<_> = upstream.client();
    let response = layer.clone().layer(client.clone()).oneshot(order()).await.unwrap();
    let mark = FallbackMark::of(&response).unwrap();
    assert_eq!(mark.failure(), Failure::Rejected(RejectionKind::CircuitOpen));
    assert_eq!(mark.reason(), "circuit_open");
    assert!(!response.headers().contains_key(HEADER));

    let response = layer.header(true).layer(client).oneshot(order()).await.unwrap();
    assert_eq!(response.headers()[HEADER], "circuit_open");
}

#[tokio::test]
async fn the_reason_of_other_failures_is_their_class() {
    for (status, reason) in [(500, "server"), (503, "overload"), (504, "timeout")] {
        let probe = failing(StatusCode::from_u16(status).unwrap());
        let service = FallbackLayer::value(Response::new("")).header(true).layer(probe);
        let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
        assert_eq!(response.headers()[HEADER], reason);
    }
    let probe = Probe::new();
    probe.always(Reply::error(ProbeError::new("reset")));
    let service = FallbackLayer::value(Response::new("")).header(true).layer(probe);
    let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
    assert_eq!(response.headers()[HEADER], "transport");
}

#[tokio::test]
async fn a_response_of_the_service_itself_has_no_mark() {
    let service = FallbackLayer::value(Response::new("cached")).header(true).layer(Probe::new());
    let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
    assert_eq!(FallbackMark::of(&response), None);
    assert!(!response.headers().contains_key(HEADER));
}

#[tokio::test]
async fn a_client_error_is_the_answer_of_the_service() {
    let service =
        FallbackLayer::value(Response::new("cached")).layer(failing(StatusCode::NOT_FOUND));
    let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
    assert_eq!((response.status(), FallbackMark::of(&response)), (StatusCode::NOT_FOUND, None));
}

#[derive(Clone, Debug, PartialEq)]
struct Tenant(u32);

#[tokio::test]
async fn a_service_gets_the_head_and_the_extensions_that_are_copied() {
    let other = Probe::new();
    let layer = FallbackLayer::service(other.clone()).copy_extensions(|from, to| {
        to.insert(from.get::<Tenant>().cloned().unwrap());
    });
    let mut request = Request::put("/orders/7").header("x-tenant", "acme");
    request.extensions_mut().unwrap().insert(Tenant(7));
    request.extensions_mut().unwrap().insert("not copied");
    let request = request.body(ProbeBody::from("order 7")).unwrap();
    layer.layer(failing(StatusCode::BAD_GATEWAY)).oneshot(request).await.unwrap();
    let received = other.received();
    let head = &received[0].parts;
    assert_eq!((head.method.as_str(), head.uri.path()), ("PUT", "/orders/7"));
    assert_eq!(head.headers["x-tenant"], "acme");
    assert_eq!(head.extensions.get(), Some(&Tenant(7)));
    assert_eq!(head.extensions.get::<&str>(), None);
}

#[tokio::test]
async fn a_disabled_layer_passes_failures_on() {
    let other = Probe::new();
    let value = FallbackLayer::value(Response::new("cached")).enabled(false);
    let service = FallbackLayer::service(other.clone()).enabled(false);
    let request = || Request::new(ProbeBody::from("order 7"));
    let failing = failing(StatusCode::BAD_GATEWAY);
    let response = value.layer(failing.clone()).oneshot(request()).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    let response = service.layer(failing).oneshot(request()).await.unwrap();
    assert_eq!((response.status(), other.counts().calls), (StatusCode::BAD_GATEWAY, 0));
}

#[tokio::test]
async fn a_fallback_that_answers_at_once_needs_no_bounds_of_the_service() {
    let local = Local::new();
    let layer = FallbackLayer::value(Response::new("cached"));
    local.serve(layer.layer(local.service())).await.unwrap();
    let layer = FallbackLayer::closure(|_, _| Some(Response::new("cached")));
    local.serve(layer.layer(local.service())).await.unwrap();
    local
        .call(
            FallbackLayer::any_value(())
                .layer(tower::service_fn(async |_| Ok::<_, std::io::Error>(()))),
        )
        .await
        .unwrap();
    assert_eq!(local.calls(), 2);
}
