//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use battlement_testkit::contract::Contract;
use battlement_timeout::{
    CallDeadlineLayer, DeadlineLayer, DeadlineOverride, PropagateDeadlineLayer, TimeoutLayer,
    TimeoutOverride,
};

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_timeout_upholds_the_contract() {
    Contract::new(|| TimeoutLayer::new(LONG)).run().await;
}

#[tokio::test]
async fn a_disabled_timeout_upholds_the_contract() {
    Contract::new(|| TimeoutLayer::new(LONG).enabled(false)).run().await;
}

#[tokio::test]
async fn a_timeout_of_readiness_upholds_the_contract() {
    Contract::new(|| TimeoutLayer::new(LONG).include_ready()).waits_inside().run().await;
}

#[tokio::test]
async fn a_timeout_as_an_error_upholds_the_contract_of_any_service() {
    let make = || TimeoutLayer::new(LONG).as_error();
    let contract = Contract::of_service_with_errors(
        make,
        || 1,
        2,
        |error| error.downcast().ok().map(|error| *error),
    );
    contract.run().await;
}

#[tokio::test]
async fn a_timeout_of_readiness_as_an_error_upholds_the_contract_of_any_service() {
    let make = || TimeoutLayer::new(LONG).as_error().include_ready();
    let contract = Contract::of_service_with_errors(
        make,
        || 1,
        2,
        |error| error.downcast().ok().map(|error| *error),
    );
    contract.waits_inside().run().await;
}

#[tokio::test]
async fn the_deadline_of_a_call_upholds_the_contract() {
    Contract::new(|| CallDeadlineLayer::new(LONG)).run().await;
    Contract::new(|| CallDeadlineLayer::new(LONG).enabled(false)).run().await;
}

#[tokio::test]
async fn the_deadline_of_a_call_as_an_error_upholds_the_contract_of_any_service() {
    let make = || CallDeadlineLayer::new(LONG).as_error();
    let contract = Contract::of_service_with_errors(
        make,
        || 1,
        2,
        |error| error.downcast().ok().map(|error| *error),
    );
    contract.run().await;
}

#[tokio::test]
async fn a_deadline_upholds_the_contract() {
    for make in [
        DeadlineLayer::new,
        || DeadlineLayer::new().bodies(true),
        || DeadlineLayer::new().enabled(false),
    ] {
        let contract = Contract::with_errors(make, Some, |error| error.downcast_ref().copied());
        contract.run().await;
    }
}

#[tokio::test]
async fn overrides_of_routes_uphold_the_contract() {
    Contract::new(|| DeadlineOverride::new(LONG)).run().await;
    Contract::new(|| TimeoutOverride::new(LONG)).run().await;
}

#[tokio::test]
async fn a_propagation_of_deadlines_upholds_the_contract() {
    Contract::new(PropagateDeadlineLayer::new).run().await;
}

#[tokio::test]
async fn a_disabled_propagation_of_deadlines_upholds_the_contract() {
    Contract::new(|| PropagateDeadlineLayer::new().enabled(false)).run().await;
}
