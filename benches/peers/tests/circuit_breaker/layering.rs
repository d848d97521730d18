use std::{convert::Infallible, time::Duration};

use axum::{Router, error_handling::HandleErrorLayer, routing::get};
use battlement_testkit::{client::Http1, server::Server};
use http::{Request, StatusCode};
use seatbelt::{
    RecoveryInfo, ResilienceContext,
    breaker::{Breaker, BreakerId},
};
use tick::ClockControl;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};

use crate::{
    Error, FAILURES, Outcome,
    peers::{builder, of_layer, of_seatbelt_with, seatbelt},
    succeeds,
};

#[tokio::test]
async fn each_service_of_tower_resilience_and_seatbelt_has_a_state_of_its_own() {
    let layer = builder(1).build().unwrap();
    let (one, two) = (of_layer(&layer), of_layer(&layer));
    one.failures_until_open().await;
    assert_eq!(two.call(succeeds()).await, Ok(()));

    let (layer, clock) = seatbelt();
    let one = of_seatbelt_with(&layer, clock.clone());
    one.failures_until_open().await;
    assert_eq!(of_seatbelt_with(&layer, clock).call(succeeds()).await, Ok(()));

    let (layer, _handle) = builder(1).build_with_handle().unwrap();
    let (one, two) = (of_layer(&layer), of_layer(&layer));
    one.failures_until_open().await;
    assert_eq!(two.call(succeeds()).await, Err(Error::Rejected));
}

/// Returns two routes that fail, with a layer of tower-resilience around them.
fn app() -> Router {
    let breaker = CircuitBreakerLayer::builder()
        .consecutive_failures(FAILURES as usize)
        .failure_classifier(|answer: &Result<axum::response::Response, Infallible>| {
            answer.as_ref().is_ok_and(|answer| answer.status() == 500)
        });
    let is_open = async |_: CircuitBreakerError<Infallible>| StatusCode::SERVICE_UNAVAILABLE;
    let layers =
        ServiceBuilder::new().layer(HandleErrorLayer::new(is_open)).layer(breaker.build().unwrap());
    let broken = async || StatusCode::INTERNAL_SERVER_ERROR;
    Router::new().route("/a", get(broken)).route("/b", get(broken)).layer(layers)
}

#[tokio::test]
async fn a_layer_of_tower_resilience_around_two_routes_of_axum_is_two_breakers() {
    let server = Server::axum(app()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for _ in 0..FAILURES {
        assert_eq!(client.get("/a").await.unwrap().status, 500);
    }
    assert_eq!(client.get("/a").await.unwrap().status, 503);
    assert_eq!(client.get("/b").await.unwrap().status, 500);
}

#[tokio::test]
async fn a_layer_of_tower_resilience_never_opens_in_a_router_that_is_called_directly() {
    let app = app();
    for _ in 0..100 {
        let request = Request::get("/a").body(axum::body::Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 500);
    }
}

#[tokio::test]
async fn seatbelt_keeps_every_id_of_a_breaker() {
    let clock = ClockControl::new();
    let layer = Breaker::layer("upstream", &ResilienceContext::new(clock.to_clock()))
        .recovery_with(|_: &Outcome, _| RecoveryInfo::retry())
        .rejected_input_error(|_, _| Error::Rejected)
        .breaker_id(|tenant: &u64| BreakerId::from(*tenant));
    let service = layer.layer(service_fn(async |_| Err::<(), _>(Error::Broken)));
    for tenant in 1_000..1_200 {
        service.clone().oneshot(tenant).await.unwrap_err();
    }
    clock.advance(Duration::from_secs(24 * 3600));
    service.clone().oneshot(7).await.unwrap_err();
    let kept = format!("{service:?}");
    assert!((1_000..1_200).all(|tenant| kept.contains(&tenant.to_string())));
}

#[tokio::test]
async fn a_layer_of_ours_around_two_routes_of_axum_is_one_breaker() {
    let layer = battlement_circuit_breaker::CircuitBreakerLayer::new("upstream");
    let broken = async || StatusCode::INTERNAL_SERVER_ERROR;
    let app = Router::new().route("/a", get(broken)).route("/b", get(broken)).layer(layer);
    let status = async |path: &str| {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().status()
    };
    for _ in 0..5 {
        assert_eq!(status("/a").await, 500);
    }
    assert_eq!(status("/b").await, 503);
}
