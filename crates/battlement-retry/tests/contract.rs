//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_retry::{Attempt, Idempotency, Next, RetryLayer, RetryPolicy};
use battlement_testkit::contract::Contract;

#[derive(Clone, Copy)]
struct Never;

impl<Req: Copy, Res, E> RetryPolicy<Req, Res, E> for Never {
    fn clone_request(&self, request: &Req) -> Option<Req> {
        Some(*request)
    }

    fn next(&self, _: &Attempt, _: Result<&Res, &E>) -> Next {
        Next::Stop
    }
}

#[tokio::test]
async fn a_retry_upholds_the_contract() {
    Contract::new(|| RetryLayer::http().attempts(1)).run().await;
    // Copies every request, and repeats none.
    let rules = Idempotency::default().rule(|_| Some(false));
    Contract::new(move || RetryLayer::http().idempotency(rules.clone())).run().await;
}

#[tokio::test]
async fn a_disabled_retry_upholds_the_contract() {
    Contract::new(|| RetryLayer::http().enabled(false)).run().await;
}

#[tokio::test]
async fn a_retry_upholds_the_contract_of_any_service() {
    Contract::of_service(|| RetryLayer::new(Never), || 1, 2).run().await;
}

#[tokio::test]
async fn a_retry_as_an_error_upholds_the_contract_of_any_service() {
    let make = || RetryLayer::new(Never).as_error();
    let contract = Contract::of_service_with_errors(
        make,
        || 1,
        2,
        |error| error.downcast().ok().map(|error| *error),
    );
    contract.run().await;
}
