//! Stores written with what is public alone, and the conformance suite, which they pass and faulty ones do not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod local;
mod outage;
mod remote;
mod trouble;
mod violations;

use std::future::ready;

use battlement_rate_limit::{
    Memory,
    conformance::{Clock, Conformance},
    remote::OnFailure,
};

use self::{
    local::Local,
    remote::{Network, Remote},
};

#[tokio::test]
async fn the_store_in_memory_conforms() {
    Conformance::new(async || Memory::default(), Clock::LatestQuery).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_answers_at_once_conforms() {
    Conformance::new(async || Local::new(), Clock::Query).run().await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_also_runs_with_paused_time_if_a_store_answers_at_once() {
    Conformance::new(async || Local::new(), Clock::Query).seed(2).run().await;
}

#[tokio::test]
async fn a_remote_store_with_delays_conforms() {
    let open = async || Remote::start(Network::slow(), OnFailure::Deny);
    Conformance::new(open, Clock::Set(Remote::set_clock)).run().await;
}

#[tokio::test]
async fn a_remote_store_that_caches_denials_conforms() {
    let open = async || Remote::with_denials(Network::slow(), OnFailure::Deny, 1_000);
    Conformance::new(open, Clock::Real).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_store_whose_messages_are_lost_or_late_conforms() {
    let network = Network::lossy();
    let open = {
        let network = network.clone();
        move || ready(Remote::start(network.clone(), OnFailure::Deny))
    };
    Conformance::new(open, Clock::Set(Remote::set_clock)).may_fail().run().await;
    let failures = network.failures();
    assert!(failures.iter().all(|count| *count > 20), "{failures:?}");
}
