//! Any order and timing of decisions, refunds, resets and replaced policies causes no overflow, leaves no key more
//! units than a policy holds, and makes each peek agree with the next decision.
#![no_main]

use std::{array::from_fn, sync::LazyLock, time::Duration};

use arbitrary::Arbitrary;
use battlement_rate_limit::{
    Algorithm, Key, KeyHash, Memory, Policies, Policy, PolicySettings, Query, RateLimitLayer,
};
use http::Request;
use libfuzzer_sys::fuzz_target;
use tokio::time::Instant;

const AN_HOUR: u64 = 3_600_000_000_000;

#[derive(Arbitrary, Debug)]
struct Limit {
    quota: u32,
    millis: u64,
    burst: Option<u32>,
    algorithm: u8,
    shadow: bool,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Wait(u64),
    Acquire(u8, u32),
    AcquireAndRefund(u8, u32, u32),
    Reset(u8),
    Replace(Vec<Limit>),
}

fuzz_target!(|input: (u16, Vec<Limit>, Vec<Step>)| {
    let (capacity, limits, steps) = input;
    let Some(mut policies) = policies(&limits) else { return };
    let (store, mut at) = (Memory::new(capacity.into()), Instant::now());
    for step in steps {
        match step {
            Step::Wait(nanos) => at += Duration::from_nanos(nanos % AN_HOUR),
            Step::Acquire(who, cost) => check(&store, &Query::new(key(who), &policies, cost, at)),
            Step::AcquireAndRefund(who, cost, back) => {
                let charged = store.acquire(&Query::new(key(who), &policies, cost, at));
                at += Duration::from_nanos(back.into());
                let before = store.peek(&Query::new(key(who), &policies, 1, at));
                store.refund(&Query::new(key(who), &policies, cost, at), &charged);
                let after = store.peek(&Query::new(key(who), &policies, 1, at));
                for (before, after) in before.states.iter().zip(&after.states) {
                    assert!(after.remaining >= before.remaining, "a refund never charges");
                }
            }
            Step::Reset(who) => store.reset(&Query::new(key(who), &policies, 1, at)),
            Step::Replace(limits) => {
                if let Some(others) = self::policies(&limits) {
                    policies = others;
                }
            }
        }
    }
});

fn check(store: &Memory, query: &Query<'_>) {
    let peeked = store.peek(query);
    let taken = store.acquire(query);
    assert_eq!(taken.states.len(), query.policies.len());
    for ((state, before), policy) in
        taken.states.iter().zip(&peeked.states).zip(query.policies.iter())
    {
        assert!(state.remaining <= policy.capacity());
        if taken.source == peeked.source {
            assert_eq!(state.is_denied(), before.is_denied());
        }
    }
}

/// Returns the policies of valid limits.
fn policies(limits: &[Limit]) -> Option<Policies> {
    let settings = |(index, limit): (usize, &Limit)| PolicySettings {
        name: format!("p{index}"),
        quota: limit.quota,
        period: format!("{}ms", limit.millis),
        burst: limit.burst.filter(|_| limit.algorithm % 3 == 0),
        algorithm: match limit.algorithm % 3 {
            0 => Algorithm::Gcra,
            1 => Algorithm::FixedWindow,
            _ => Algorithm::SlidingWindow,
        },
        shadow: limit.shadow,
    };
    let settings: Vec<_> = limits.iter().take(4).enumerate().map(settings).collect();
    settings.try_into().ok()
}

/// Returns a key that is the same for the whole process: hashes are keyed, so they differ between runs.
fn key(who: u8) -> KeyHash {
    static KEYS: LazyLock<[KeyHash; 256]> = LazyLock::new(|| {
        let by_path = Key::by(|head| Some(head.uri.path().to_owned()));
        let (_, handle) = RateLimitLayer::new(Policy::per_day("any", 1), by_path).pair();
        from_fn(|n| {
            let request = Request::get(format!("/{n}")).body(()).expect("a request");
            handle.key(&request).expect("a path")
        })
    });
    KEYS[usize::from(who)]
}
