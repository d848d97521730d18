//! The layer keeps the contract of every battlement layer.

use battlement_retry::{Budget, HedgeLayer, Idempotency};
use battlement_testkit::contract::Contract;

#[tokio::test]
async fn a_hedge_upholds_the_contract() {
    // With a budget, an error of the first copy would not go back.
    Contract::new(|| HedgeLayer::http().budget(Budget::new(0.0, 0))).run().await;
    // Copies no request.
    let rules = Idempotency::default().rule(|_| Some(false));
    Contract::new(move || HedgeLayer::http().idempotency(rules.clone())).run().await;
}

#[tokio::test]
async fn a_hedge_of_requests_that_may_be_copied_upholds_the_contract() {
    let rules = Idempotency::default().rule(|_| Some(true));
    let layer = move || HedgeLayer::http().idempotency(rules.clone());
    Contract::new(move || layer().budget(Budget::new(0.0, 0))).run().await;
}

#[tokio::test]
async fn a_disabled_hedge_upholds_the_contract() {
    Contract::new(|| HedgeLayer::http().enabled(false)).run().await;
}
