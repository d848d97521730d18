//! The layers keep the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use battlement_testkit::contract::Contract;
use battlement_timeout::TimeoutLayer;

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
