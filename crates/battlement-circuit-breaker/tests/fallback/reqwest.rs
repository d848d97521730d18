//! Fallbacks around a `reqwest::Client`.

use battlement_circuit_breaker::{FallbackLayer, FallbackMark, FallbackOutcome};
use battlement_testkit::upstream::{Behavior, Upstream};
use http::Response;
use reqwest::{Client, Request};
use tower::{Layer as _, ServiceExt as _};

use crate::support::Seen;

/// Returns a request that the upstream answers with a 500.
fn failing(upstream: &Upstream) -> Request {
    let request = Client::new().post(upstream.url("/orders")).body("order 7");
    request.header(Behavior::HEADER, Behavior::Error).build().unwrap()
}

#[tokio::test]
async fn a_value_and_a_closure_answer_a_request_of_reqwest() {
    let upstream = Upstream::start().await.unwrap();
    let value = FallbackLayer::value(Response::new("cached")).header(true).layer(Client::new());
    let response = value.oneshot(failing(&upstream)).await.unwrap();
    assert_eq!(response.headers()["battlement-fallback"], "server");
    assert_eq!(FallbackMark::in_extensions(response.extensions()).unwrap().reason(), "server");
    assert_eq!(response.text().await.unwrap(), "cached");

    let closure = FallbackLayer::closure(|head, _| Some(Response::new(head.uri.path().to_owned())));
    let response = closure.layer(Client::new()).oneshot(failing(&upstream)).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "/orders");
}

#[tokio::test]
async fn another_client_gets_the_request_of_reqwest_with_its_body() {
    let (upstream, seen) = (Upstream::start().await.unwrap(), Seen::default());
    // Its requests are answered.
    let other = Client::new().map_request(|mut request: Request| {
        request.headers_mut().remove(Behavior::HEADER);
        request
    });
    let layer = FallbackLayer::service(other).observe(seen.clone());
    let response = layer.layer(Client::new()).oneshot(failing(&upstream)).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "order 7");
    assert_eq!(seen.outcomes(), [FallbackOutcome::Answered]);

    let small = layer.replay_limit(6);
    let response = small.layer(Client::new()).oneshot(failing(&upstream)).await.unwrap();
    assert_eq!((response.status().as_u16(), upstream.counts().received), (500, 3));
    assert_eq!(seen.outcomes(), [FallbackOutcome::BodyLost]);
}
