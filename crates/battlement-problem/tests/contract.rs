//! The layer keeps the contract of every battlement layer, except for errors of the service, which it answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, error::Error};

use battlement_problem::{Problem, ProblemLayer, ProblemService, ResponseBody};
use battlement_testkit::contract::{Contract, Local, Rule};
use tower::Layer;

type BoxError = Box<dyn Error + Send + Sync>;

fn contract(make: impl Fn() -> ProblemLayer + 'static) -> Contract<ProblemLayer> {
    let never = |error: Infallible| match error {};
    // The body wraps an error that it has logged.
    let of_body = |error: BoxError| error.source().unwrap_or(&*error).downcast_ref().copied();
    Contract::with_errors(make, never, of_body)
        // Errors of the service are answered, which is the purpose of the layer.
        .except(Rule::ReadyErrorKept)
        .except(Rule::CallErrorKept)
}

#[tokio::test]
async fn the_layer_keeps_the_contract() {
    contract(ProblemLayer::new).run().await;
}

#[tokio::test]
async fn a_disabled_layer_keeps_the_contract() {
    contract(|| ProblemLayer::new().enabled(false)).run().await;
}

#[tokio::test]
async fn the_layer_wraps_a_borrowing_service_that_is_neither_clone_nor_send() {
    let local = Local::new();
    let response = local.serve(ProblemLayer::new().layer(local.service())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(local.calls(), 1);
}

#[test]
fn the_service_returns_its_inner_service() {
    let mut service = ProblemLayer::new().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.clone().into_inner(), "inner!");
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn public_types_are_send_and_sync() {
    is_send_and_sync::<Problem>();
    is_send_and_sync::<ProblemLayer>();
    is_send_and_sync::<ProblemService<()>>();
    is_send_and_sync::<ResponseBody<()>>();
}
