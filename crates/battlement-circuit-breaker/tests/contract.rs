//! The layer keeps the contract of every battlement layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use battlement_circuit_breaker::{
    ByResult, CircuitBreakerLayer, CircuitOpen, HalfOpen, OpenFor, judge_error,
};
use battlement_testkit::contract::Contract;

#[tokio::test]
async fn a_circuit_breaker_upholds_the_contract() {
    Contract::new(|| CircuitBreakerLayer::new("billing")).run().await;
    Contract::new(CircuitBreakerLayer::per_authority).run().await;
    Contract::new(|| CircuitBreakerLayer::new("billing").enabled(false)).run().await;
}

// The suite fails and drops calls: probes that are given back let it go on.
#[tokio::test]
async fn a_half_open_breaker_upholds_the_contract() {
    let make = || {
        let moment = OpenFor::fixed(Duration::from_nanos(1));
        CircuitBreakerLayer::new("billing").half_open(HalfOpen::new(1_000, 1_000)).open_for(moment)
    };
    Contract::new(make).run().await;
}

#[tokio::test]
async fn an_open_breaker_upholds_the_contract_of_rejections() {
    let make = || {
        let (layer, handle) = CircuitBreakerLayer::new("billing").pair();
        handle.force_open();
        layer
    };
    Contract::new(make).rejects().run().await;
}

type AnyService = CircuitBreakerLayer<ByResult<Judge, battlement_circuit_breaker::WithError>>;

#[derive(Clone, Copy)]
struct Judge;

impl<Res, E: std::error::Error + 'static> battlement_core::JudgeResult<Res, E> for Judge {
    fn judge(&self, result: Result<&Res, &E>) -> battlement_core::Verdict {
        judge_error(result)
    }
}

#[tokio::test]
async fn a_circuit_breaker_upholds_the_contract_of_any_service() {
    let make = || -> AnyService { CircuitBreakerLayer::new("database").judge(Judge).as_error() };
    let contract = Contract::of_service_with_errors(
        make,
        || 1,
        2,
        |error| {
            assert!(!error.is::<CircuitOpen>());
            error.downcast().ok().map(|error| *error)
        },
    );
    contract.run().await;
}
