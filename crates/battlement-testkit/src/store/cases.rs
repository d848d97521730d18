use std::time::Duration;

use battlement_rate_limit::{
    Algorithm, Policies, Policy, Store,
    conformance::{Case, Client, Conformance, Step},
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;

const NAMES: [&str; 3] = ["a", "b", "c"];
/// The period of slow policies, in milliseconds: no unit is restored during a test.
const SLOW: u64 = 30 * 86_400 * 1_000;

/// Checks `count` random cases on new stores.
///
/// # Panics
///
/// Panics if a store violates the rule [`Agreement`](super::Rule::Agreement); the message has the smallest case that
/// does.
pub fn random_cases<St: Store>(
    runtime: &Runtime,
    suite: &Conformance<St>,
    cases: &impl Strategy<Value = Case>,
    count: u32,
) {
    let config = Config { failure_persistence: None, ..Config::with_cases(count) };
    let checked = TestRunner::new(config).run(cases, |case| {
        let checked = runtime.block_on(suite.check_case(&case));
        checked.map_err(|violation| TestCaseError::fail(violation.to_string()))
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// Returns cases in which time passes and policies change.
pub fn cases() -> impl Strategy<Value = Case> {
    let periods = prop_oneof![1..20_u64, 1..10_000_u64, 1..600_000_u64];
    let sets = prop_oneof![vec(set(periods.clone()), 1), vec(set(periods), 2..4)];
    (sets, vec(step(), 1..60)).prop_map(|(sets, steps)| Case { sets, steps })
}

/// Returns cases for a store with a real clock: neither time nor policies change.
pub fn slow_cases() -> impl Strategy<Value = Case> {
    (vec(set(Just(SLOW)), 1), vec(step(), 1..40)).prop_map(|(sets, steps)| Case { sets, steps })
}

/// Returns one to three policies with periods in milliseconds.
fn set(periods: impl Strategy<Value = u64> + Clone) -> impl Strategy<Value = Policies> {
    let algorithms = [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];
    let quotas = prop_oneof![1..4_u32, 1..20_u32, 1..1_000_u32];
    let bursts = option::of(1..2_000_u32);
    let policy = (select(algorithms.to_vec()), quotas, periods, bursts, any::<bool>());
    vec(policy, 1..=NAMES.len()).prop_map(|policies| {
        let policies = policies.into_iter().zip(NAMES);
        Policies::new(policies.map(|((algorithm, quota, millis, burst, shadow), name)| {
            let policy = Policy::new(name, quota, Duration::from_millis(millis)).shadow(shadow);
            let burst = burst.filter(|_| algorithm == Algorithm::Gcra);
            burst.into_iter().fold(policy.algorithm(algorithm), Policy::burst)
        }))
    })
}

fn step() -> impl Strategy<Value = Step> {
    let client = || prop_oneof![3 => Just(Client::First), 1 => Just(Client::Second)];
    let cost = || prop_oneof![6 => 0..6_u32, 2 => 0..1_000_u32, 1 => any::<u32>()];
    let time = || {
        prop_oneof![0..1_000_u64, 0..1_000_000_u64, 0..100_000_000_u64]
            .prop_map(Duration::from_micros)
    };
    prop_oneof![
        8 => (client(), cost()).prop_map(|(client, cost)| Step::Acquire(client, cost)),
        1 => (client(), cost()).prop_map(|(client, cost)| Step::Peek(client, cost)),
        3 => (client(), 0..8_usize).prop_map(|(client, nth)| Step::Refund(client, nth)),
        1 => client().prop_map(Step::Reset),
        1 => Just(Step::Replace),
        4 => time().prop_map(Step::Pass),
        1 => any::<bool>().prop_map(|is_over| Step::PassWait { is_over }),
        1 => time().prop_map(Step::SetBack),
    ]
}
