//! The suite for stores, on the store in memory and on a faulty one.

use battlement_rate_limit::Memory;
use battlement_testkit::store::{Clock, Conformance, cases, random_cases, slow_cases};
use tokio::runtime::Runtime;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_conforms() {
    Conformance::new(async || Memory::default(), Clock::LatestQuery).run().await;
}

#[test]
fn the_store_in_memory_agrees_with_the_model_in_random_cases() {
    let suite = Conformance::new(async || Memory::default(), Clock::LatestQuery);
    random_cases(&Runtime::new().unwrap(), &suite, &cases(), 500);
    random_cases(&Runtime::new().unwrap(), &suite, &slow_cases(), 100);
}

#[test]
#[should_panic(expected = "previous steps")]
fn a_store_whose_clock_is_another_does_not_agree() {
    // The store in memory never sets its clock back.
    let suite = Conformance::new(async || Memory::default(), Clock::Query);
    random_cases(&Runtime::new().unwrap(), &suite, &cases(), 500);
}
