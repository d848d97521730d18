//! The layer keeps the contract of every battlement layer, but for the errors that it answers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, error::Error};

use battlement_problem::{Problem, ProblemLayer, ProblemService, ResponseBody};
use battlement_testkit::contract::{Contract, Local, Rule};
use tower::Layer;

type BoxError = Box<dyn Error + Send + Sync>;

fn contract(make: impl Fn() -> ProblemLayer + 'static) -> Contract<ProblemLayer> {
    let never = |error: Infallible| match error {};
    // Under the mark that it was logged.
    let of_body = |error: BoxError| error.source().unwrap_or(&*error).downcast_ref().copied();
    Contract::with_errors(make, never, of_body)
        // An error of the service is answered; that is what the layer is for.
        .except(Rule::ReadyErrorKept)
        .except(Rule::CallErrorKept)
}

#[tokio::test]
async fn the_layer_keeps_the_contract() {
    contract(ProblemLayer::new).run().await;
}

#[tokio::test]
async fn it_keeps_it_switched_off() {
    contract(|| ProblemLayer::new().enabled(false)).run().await;
}

#[tokio::test]
async fn it_works_around_a_service_that_is_neither_clone_nor_send_and_borrows() {
    let local = Local::new();
    let response = local.serve(ProblemLayer::new().layer(local.service())).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(local.calls(), 1);
}

#[test]
fn the_service_gives_back_what_it_is_around() {
    let mut service = ProblemLayer::new().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.clone().into_inner(), "inner!");
}

const fn is_send_and_sync<T: Send + Sync>() {}

#[test]
fn what_is_public_can_cross_threads() {
    is_send_and_sync::<Problem>();
    is_send_and_sync::<ProblemLayer>();
    is_send_and_sync::<ProblemService<()>>();
    is_send_and_sync::<ResponseBody<()>>();
}
