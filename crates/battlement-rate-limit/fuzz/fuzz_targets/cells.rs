//! Any bytes are accepted as a cell, at any time and under any policy. A client that waits as long as a denial says is
//! admitted.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use battlement_rate_limit::{
    Algorithm, Decision, Key, KeyHash, Policies, Policy, Query, RateLimitLayer,
    algorithm::{self, Cell},
};
use http::Request;
use libfuzzer_sys::fuzz_target;
use tokio::time::Instant;

/// The time that all later ones count as.
const LAST: u64 = (1 << 53) * 1_000;

#[derive(Arbitrary, Debug)]
struct Limit {
    quota: u32,
    nanos: u64,
    algorithm: u8,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Read([u8; 20]),
    Acquire(u64, u32),
    Refund(u64, u32, u64),
    Replace(Limit),
}

fuzz_target!(|input: (Limit, Vec<Step>)| {
    let (limit, steps) = input;
    let Some(mut policies) = policies(&limit) else { return };
    let (key, mut cells) = (key(), [Cell::default()]);
    for step in steps {
        match step {
            Step::Read(bytes) => cells = [Cell::from_bytes(bytes)],
            Step::Acquire(now, cost) => {
                acquire(&Query::new(key, &policies, cost, Instant::now()), &mut cells, now);
            }
            Step::Refund(now, cost, at) => {
                let query = Query::new(key, &policies, cost, Instant::now());
                let charged = algorithm::acquire(&query, &mut cells.clone(), at);
                algorithm::refund(&query, &mut cells, now, at, &charged);
            }
            Step::Replace(limit) => policies = self::policies(&limit).unwrap_or(policies),
        }
    }
});

fn acquire(query: &Query<'_>, cells: &mut [Cell; 1], now: u64) {
    let state = algorithm::acquire(query, cells, now)[0];
    assert!(state.remaining <= query.policies[0].capacity());
    let Decision::Deny { wait: Some(wait) } = state.decision else { return };
    let admitted_at = u128::from(now) + wait.as_nanos();
    if admitted_at <= u128::from(LAST) {
        let states = algorithm::acquire(query, &mut cells.clone(), admitted_at as u64);
        assert!(!states[0].is_denied(), "after {wait:?}");
    }
}

fn policies(limit: &Limit) -> Option<Policies> {
    let policy = Policy::try_new("calls", limit.quota, Duration::from_nanos(limit.nanos)).ok()?;
    let algorithms = [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];
    Some(policy.algorithm(algorithms[usize::from(limit.algorithm % 3)]).into())
}

fn key() -> KeyHash {
    let any = RateLimitLayer::new(Policy::per_day("any", 1), Key::by(|_| Some(1)));
    any.pair().1.key(&Request::new(())).expect("a key of every request")
}
