//! For each rule a layer that breaks it, and no other: a suite that never fails proves nothing.

mod bodies;
mod edits;
mod errors;
mod leaky;
mod polling;
mod quota;
mod rejecting;
mod unready;

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{
    Layer, Service,
    layer::{layer_fn, util::Identity},
};

/// Asserts that the layer breaks `rule`, and no other.
async fn only_broken<L: 'static>(contract: Contract<L>, rule: Rule) {
    broken(contract, &[rule]).await;
}

/// Asserts that the layer breaks `rules`, and no others.
async fn broken<L: 'static>(contract: Contract<L>, rules: &[Rule]) {
    let violations = contract.violations().await;
    let broken: Vec<Rule> = violations.iter().map(|violation| violation.rule).collect();
    assert_eq!(broken, rules, "{violations:#?}");
}

/// The contract of what `wrap` makes of a service.
fn of<S, B>(wrap: fn(Probe) -> S) -> Contract<impl Layer<Probe, Service = S>>
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error = ProbeError> + Send + 'static,
{
    Contract::new(move || layer_fn(wrap))
}

#[tokio::test]
async fn a_layer_that_does_nothing_keeps_every_rule() {
    Contract::new(Identity::new).run().await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_runs_under_paused_time_too() {
    Contract::new(Identity::new).run().await;
}

#[test]
fn every_rule_has_a_layer_that_breaks_it() {
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
        assert!(tests.contains(&format!("Rule::{rule:?})")), "{rule:?}");
    }
}

#[tokio::test]
async fn every_rule_can_be_checked_by_itself() {
    for rule in Rule::ALL {
        assert_eq!(Contract::new(Identity::new).check(*rule).await, Ok(()));
    }
}

#[tokio::test]
async fn a_rule_that_is_left_out_is_not_checked() {
    let contract = Contract::new(leaky::LeakyLayer::at(leaky::Stage::Unpolled))
        .idle(leaky::LeakyLayer::is_idle)
        .except(Rule::DroppedUnpolled);
    contract.run().await;
}

#[tokio::test]
#[should_panic(expected = "DroppedUnpolled")]
async fn a_run_panics_and_names_the_rule() {
    let contract = Contract::new(leaky::LeakyLayer::at(leaky::Stage::Unpolled));
    contract.idle(leaky::LeakyLayer::is_idle).run().await;
}
