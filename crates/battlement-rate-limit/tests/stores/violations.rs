//! A test for each rule with a store that breaks it, which shows that the suite can fail. Random cases find every fault
//! that shows in the answers to one request after another.

use std::future::ready;

use battlement_rate_limit::{
    Store,
    conformance::{Clock, Conformance, Rule, Violation},
};

use crate::{
    faults::{Fault, Faulty, Lazy, Leaky},
    local::Local,
};

async fn broken<St: Store>(suite: &Conformance<St>) -> Vec<Rule> {
    suite.violations().await.iter().map(Violation::rule).collect()
}

/// Asserts that the store breaks these rules and no others.
async fn assert_breaks(fault: Fault, rules: &[Rule]) {
    let suite = Conformance::new(move || ready(Faulty::new(fault)), Clock::Query);
    let violations = suite.violations().await;
    let broken: Vec<Rule> = violations.iter().map(Violation::rule).collect();
    assert_eq!(broken, rules, "{violations:#?}");
}

#[tokio::test]
async fn a_store_that_ignores_the_cost_breaks_the_rule_of_costs() {
    assert_breaks(Fault::IgnoresCost, &[Rule::Cost, Rule::Agreement]).await;
}

#[tokio::test]
async fn a_store_that_charges_denied_requests_breaks_all_or_none() {
    // Concurrent requests that one of two policies denies are charged to the other as well.
    let rules = [Rule::AllOrNone, Rule::Agreement, Rule::Concurrency];
    assert_breaks(Fault::ChargesOnDenial, &rules).await;
}

#[tokio::test]
async fn a_store_that_refunds_above_the_quota_breaks_the_rule_of_refunds() {
    assert_breaks(Fault::RefundsAboveQuota, &[Rule::Refund, Rule::Agreement]).await;
}

#[tokio::test]
async fn a_store_that_forgets_expiry_breaks_the_rule_of_expiry() {
    // After a policy became smaller, a client waits in vain as well.
    assert_breaks(Fault::ForgetsExpiry, &[Rule::Expiry, Rule::PolicyChange, Rule::Agreement]).await;
}

#[tokio::test]
async fn a_store_that_is_not_atomic_breaks_the_rule_of_concurrency() {
    assert_breaks(Fault::IsNotAtomic, &[Rule::Concurrency]).await;
}

#[tokio::test]
async fn a_store_that_fails_concurrent_requests_breaks_the_rule_of_concurrency() {
    let suite = || Conformance::new(async || Leaky::new(), Clock::Query);
    assert_eq!(broken(&suite()).await, [Rule::Concurrency]);
    assert_eq!(broken(&suite().may_fail()).await, [Rule::Concurrency]);
}

#[tokio::test]
async fn a_store_that_starts_again_after_a_change_breaks_the_rule_of_changes() {
    let rules = [Rule::PolicyChange, Rule::Agreement];
    assert_breaks(Fault::StartsAgainAfterChange, &rules).await;
}

#[tokio::test]
async fn a_store_that_resets_nothing_breaks_the_rule_of_resets() {
    assert_breaks(Fault::ResetsNothing, &[Rule::Reset, Rule::Agreement]).await;
}

#[tokio::test]
async fn a_store_that_charges_peeks_breaks_the_rule_of_peeks() {
    // Every rule peeks to see the effect of an operation.
    let suite = Conformance::new(async || Faulty::new(Fault::ChargesPeeks), Clock::Query);
    assert!(broken(&suite).await.contains(&Rule::Peek));
}

#[tokio::test]
async fn a_store_that_refunds_only_if_awaited_breaks_the_rule_of_drops() {
    let suite = Conformance::new(async || Lazy(Local::new()), Clock::Query);
    assert_eq!(broken(&suite).await, [Rule::Drops]);
}

#[test]
fn every_rule_has_a_store_that_breaks_it() {
    let tests = include_str!("violations.rs");
    for rule in Rule::ALL {
        let start = tests.find("async fn a_store_that_ignores_the_cost").unwrap();
        assert!(tests[start..].contains(&format!("Rule::{rule:?}")), "{rule:?}");
    }
}

#[tokio::test]
async fn an_excluded_rule_is_not_checked_and_a_single_rule_can_be() {
    let suite = Conformance::new(async || Lazy(Local::new()), Clock::Query).except(Rule::Drops);
    assert_eq!(broken(&suite).await, []);
    assert_eq!(suite.check(Rule::Drops).await.unwrap_err().rule(), Rule::Drops);
}

#[tokio::test]
async fn a_violation_names_the_seed_and_the_step_and_the_same_seed_repeats_it() {
    let suite = Conformance::new(async || Faulty::new(Fault::ForgetsExpiry), Clock::Query).seed(7);
    let violation = suite.check(Rule::Agreement).await.unwrap_err();
    assert_eq!((violation.rule(), violation.seed()), (Rule::Agreement, 7));
    for part in ["case ", "step ", " must be [", "got [", "policies: [", "previous steps:"] {
        assert!(violation.message().contains(part), "{part}: {violation}");
    }
    assert_eq!(suite.check(Rule::Agreement).await, Err(violation));
}

#[tokio::test]
#[should_panic(expected = "Drops (an answer that is dropped leaves")]
async fn a_run_panics_and_names_the_rule() {
    Conformance::new(async || Lazy(Local::new()), Clock::Query).run().await;
}
