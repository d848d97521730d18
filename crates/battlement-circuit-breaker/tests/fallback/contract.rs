//! The layer keeps the contract of every battlement layer.

use battlement_circuit_breaker::{FallbackLayer, FallbackOn};
use battlement_testkit::{
    contract::Contract,
    probe::{CallProbe, Probe, ProbeError, Reply},
};
use http::Response;

/// The contract's errors are failures of another class.
const NEVER: [FallbackOn; 1] = [FallbackOn::Rejected];

#[tokio::test]
async fn a_fallback_that_answers_at_once_upholds_the_contract() {
    Contract::new(|| FallbackLayer::value(Response::new("cached")).on(NEVER)).run().await;
    Contract::new(|| FallbackLayer::closure(|_, _| None::<Response<&str>>)).run().await;
}

#[tokio::test]
async fn a_fallback_to_a_service_upholds_the_contract() {
    // A fallback that fails returns the errors of the contract.
    let failing = Probe::new();
    failing.always(Reply::error(ProbeError::new("closed")));
    Contract::new(move || FallbackLayer::service(failing.clone())).run().await;
}

#[tokio::test]
async fn a_disabled_fallback_upholds_the_contract() {
    let value = || FallbackLayer::value(Response::new("cached")).enabled(false);
    Contract::new(value).run().await;
    Contract::new(|| FallbackLayer::service(Probe::new()).enabled(false)).run().await;
}

#[tokio::test]
async fn a_fallback_upholds_the_contract_of_any_service() {
    Contract::of_service(|| FallbackLayer::any_value(7).on(NEVER), || 1, 2).run().await;
    let closure = || FallbackLayer::any_closure(|_: &i32, _| None::<i32>);
    Contract::of_service(closure, || 1, 2).run().await;
    let failing = CallProbe::<i32, i32>::new(7);
    failing.always(Reply::error(ProbeError::new("closed")));
    Contract::of_service(move || FallbackLayer::any_service(failing.clone()), || 1, 2).run().await;
}
