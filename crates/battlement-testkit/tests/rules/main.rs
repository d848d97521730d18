//! A test for each rule with a layer that breaks only that rule, which shows that the suite can fail.

mod any_service;
mod bodies;
mod edits;
mod errors;
mod leaky;
mod leaky_calls;
mod polling;
mod quota;
mod rejecting;
mod unready;

use battlement_testkit::{
    contract::{Contract, Rule, Violation},
    probe::{Probe, ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{
    Layer, Service,
    layer::{layer_fn, util::Identity},
};

/// Asserts that the layer breaks `rule` and no other.
async fn assert_breaks_only<L: 'static, K>(contract: Contract<L, K>, rule: Rule) {
    assert_breaks(contract, &[rule]).await;
}

/// Asserts that the layer breaks `rules` and no others.
async fn assert_breaks<L: 'static, K>(contract: Contract<L, K>, rules: &[Rule]) {
    let violations = contract.violations().await;
    let broken: Vec<Rule> = violations.iter().map(Violation::rule).collect();
    assert_eq!(broken, rules, "{violations:#?}");
}

/// Creates the contract of a layer that applies `wrap`.
fn contract_of<S, B>(wrap: fn(Probe) -> S) -> Contract<impl Layer<Probe, Service = S>>
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error = ProbeError> + Send + 'static,
{
    Contract::new(move || layer_fn(wrap))
}

#[tokio::test]
async fn a_layer_that_does_nothing_satisfies_every_rule() {
    Contract::new(Identity::new).run().await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_also_runs_with_paused_time() {
    Contract::new(Identity::new).run().await;
}

#[test]
fn every_rule_has_an_http_layer_that_breaks_it() {
    let tests = [
        include_str!("bodies.rs"),
        include_str!("edits.rs"),
        include_str!("errors.rs"),
        include_str!("leaky.rs"),
        include_str!("polling.rs"),
        include_str!("quota.rs"),
        include_str!("rejecting.rs"),
        include_str!("unready.rs"),
    ]
    .concat();
    for rule in Rule::ALL {
        assert!(tests.contains(&format!(", Rule::{rule:?})")), "{rule:?}");
    }
}

#[test]
fn every_rule_of_all_services_has_a_layer_around_plain_calls_that_breaks_it() {
    let tests = [include_str!("any_service.rs"), include_str!("leaky_calls.rs")].concat();
    for rule in Rule::ALL.iter().filter(|rule| !rule.is_http()) {
        assert!(tests.contains(&format!(", Rule::{rule:?})")), "{rule:?}");
    }
}

#[tokio::test]
async fn every_rule_can_be_checked_alone() {
    for rule in Rule::ALL {
        assert_eq!(Contract::new(Identity::new).check(*rule).await, Ok(()));
    }
}

#[tokio::test]
async fn an_excluded_rule_is_not_checked() {
    let contract = Contract::new(leaky::LeakyLayer::at(leaky::Phase::Unpolled))
        .idle(leaky::LeakyLayer::is_idle)
        .except(Rule::DroppedUnpolled);
    contract.run().await;
}

#[tokio::test]
#[should_panic(expected = "DroppedUnpolled")]
async fn a_run_panics_and_names_the_rule() {
    let contract = Contract::new(leaky::LeakyLayer::at(leaky::Phase::Unpolled));
    contract.idle(leaky::LeakyLayer::is_idle).run().await;
}
