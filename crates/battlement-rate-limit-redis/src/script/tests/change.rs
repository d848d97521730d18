//! Policies whose numbers change, and a clock of Redis that is changed.

use std::cell::RefCell;

use battlement_rate_limit::Decision;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;

use super::*;

const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow];
const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);

fn policy(algorithm: Algorithm, quota: u32, period: Duration) -> Policies {
    Policy::new("calls", quota, period).algorithm(algorithm).into()
}

#[derive(Clone, Copy, Debug)]
struct Step {
    policy: prop::sample::Index,
    /// The microseconds by which the clock moves, and whether it moves back.
    passes: u64,
    is_back: bool,
    cost: u32,
    is_peek: bool,
}

/// Returns policies that replace each other, alone for the fast path of the script, or beside another one.
fn several() -> impl Strategy<Value = Vec<Policies>> {
    let numbers = (1_u32..60, prop_oneof![1_u64..1_000, 1_000_u64..3_600_000]);
    let numbers = prop::collection::vec((numbers.clone(), numbers), 1..4);
    (prop::sample::select(ALGORITHMS.to_vec()), any::<bool>(), numbers).prop_map(
        |(algorithm, is_alone, numbers)| {
            let policy = |name, (quota, millis)| {
                Policy::new(name, quota, Duration::from_millis(millis)).algorithm(algorithm)
            };
            let set = |(one, other)| {
                let one = policy("one", one);
                if is_alone { one.into() } else { Policies::new([one, policy("other", other)]) }
            };
            numbers.into_iter().map(set).collect()
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let time = prop_oneof![Just(0), 0_u64..1_000_000, 0_u64..3_600_000_000, 0_u64..1 << 40];
    let is_seldom = || prop::bool::weighted(0.2);
    let step = (any::<prop::sample::Index>(), time, is_seldom(), 1_u32..60, is_seldom());
    let step = step.prop_map(|(policy, passes, is_back, cost, is_peek)| Step {
        policy,
        passes,
        is_back,
        cost,
        is_peek,
    });
    prop::collection::vec(step, 1..25)
}

/// Acquires, and if it is denied, acquires again after the returned wait.
async fn obey(
    redis: &mut Scripted,
    key: &str,
    sets: &[Policies],
    steps: &[Step],
) -> Result<(), TestCaseError> {
    let mut now = BEGIN;
    for step in steps {
        let policies = step.policy.get(sets);
        now = if step.is_back { now - step.passes } else { now + step.passes };
        let operation = if step.is_peek { Operation::Peek } else { Operation::Acquire };
        let first = states(redis.step(now, question(key, policies, step.cost, operation)).await);
        let waits = first.iter().map(|state| match state.decision {
            Decision::Allow => Some(Duration::ZERO),
            Decision::Deny { wait } => wait,
        });
        let Some(wait) =
            waits.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
        else {
            continue;
        };
        if !wait.is_zero() {
            now += u64::try_from(wait.as_nanos().div_ceil(1_000)).unwrap();
            let answer =
                redis.step(now, question(key, policies, step.cost, Operation::Acquire)).await;
            let is_denied = states(answer).iter().any(PolicyState::is_denied);
            prop_assert!(!is_denied, "after {wait:?}");
        }
    }
    Ok(())
}

#[test]
fn a_client_that_waits_as_told_is_admitted_after_any_change_of_policy_and_step_of_the_clock() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start()).unwrap();
    let redis = RefCell::new(runtime.block_on(Scripted::new(&server)));
    let nth = std::cell::Cell::new(0);
    let tried =
        TestRunner::new(Config::with_cases(300)).run(&(several(), steps()), |(sets, steps)| {
            nth.set(nth.get() + 1);
            runtime.block_on(obey(
                &mut redis.borrow_mut(),
                &format!("k{}", nth.get()),
                &sets,
                &steps,
            ))
        });
    tried.unwrap();
}

#[tokio::test]
async fn units_that_were_used_stay_used_when_a_policy_changes_and_when_it_changes_back() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    for algorithm in ALGORITHMS {
        let [ten, thousand] = [10, 1_000].map(|quota| policy(algorithm, quota, HOUR));
        let (small, large) = (format!("small-{algorithm:?}"), format!("large-{algorithm:?}"));
        redis.one(BEGIN, question(&small, &ten, 10, Operation::Acquire)).await;
        let answer = redis.one(BEGIN, question(&small, &thousand, 1, Operation::Acquire)).await;
        assert_eq!(remaining(answer), [989], "{algorithm:?}: a larger limit is there at once");
        redis.one(BEGIN, question(&large, &thousand, 500, Operation::Acquire)).await;
        let answer = states(redis.one(BEGIN, question(&large, &ten, 1, Operation::Acquire)).await);
        assert!(answer[0].is_denied() && answer[0].remaining == 0, "{algorithm:?}");
        let back = redis.one(BEGIN, question(&large, &thousand, 1, Operation::Peek)).await;
        assert_eq!(remaining(back), [500], "{algorithm:?}: a denial gives nothing back");
    }
}

#[tokio::test]
async fn a_refund_reaches_a_key_whose_policy_has_changed_since() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    for algorithm in ALGORITHMS {
        let (before, after) = (policy(algorithm, 10, HOUR), policy(algorithm, 100, MINUTE));
        let key = format!("{algorithm:?}");
        let charged =
            states(redis.one(BEGIN, question(&key, &before, 5, Operation::Acquire)).await);
        redis.one(BEGIN, question(&key, &after, 2, Operation::Acquire)).await;
        let query = Query::new(KeyHash::from_bits(0), &before, 5, Instant::now());
        let outcome =
            Outcome::new(charged, RedisStore::SOURCE, query.now).with_receipt(Receipt::new(BEGIN));
        redis.one(BEGIN, question(&key, &before, 5, Operation::refund(&query, &outcome))).await;
        let left = redis.one(BEGIN, question(&key, &after, 1, Operation::Peek)).await;
        assert_eq!(remaining(left), [98], "{algorithm:?}");
    }
}

/// Returns the number of calls of a command, by all scripts.
async fn calls(redis: &mut Scripted, command: &str) -> u64 {
    let info: String = redis.ask(&["INFO", "commandstats"]).await;
    let line =
        info.lines().find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn a_denial_writes_the_cell_once_after_a_change_and_otherwise_never() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    for algorithm in ALGORITHMS {
        let (before, after) = (policy(algorithm, 10, HOUR), policy(algorithm, 5, MINUTE));
        let key = format!("{algorithm:?}");
        redis.one(BEGIN, question(&key, &before, 10, Operation::Acquire)).await;
        let written = calls(&mut redis, "set").await;
        for _ in 0..3 {
            redis.one(BEGIN, question(&key, &before, 1, Operation::Acquire)).await;
        }
        assert_eq!(calls(&mut redis, "set").await, written, "{algorithm:?}: a plain denial");
        for _ in 0..3 {
            let answer = redis.one(BEGIN, question(&key, &after, 1, Operation::Acquire)).await;
            assert!(states(answer)[0].is_denied());
        }
        assert_eq!(calls(&mut redis, "set").await, written + 1, "{algorithm:?}: a changed policy");
    }
}

#[tokio::test]
async fn a_key_that_is_cut_by_a_denial_lives_no_longer_than_it_must() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    for (algorithm, most) in ALGORITHMS.into_iter().zip([76_100, 60_010, 120_010]) {
        let (before, after) = (policy(algorithm, 10, HOUR), policy(algorithm, 10, MINUTE));
        for (key, policies, now) in [
            (format!("policy-{algorithm:?}"), &before, BEGIN),
            (format!("clock-{algorithm:?}"), &after, BEGIN + 86_400_000_000),
        ] {
            redis.one(now, question(&key, policies, 10, Operation::Acquire)).await;
            let answer = redis.one(BEGIN, question(&key, &after, 1, Operation::Acquire)).await;
            assert!(states(answer)[0].is_denied(), "{key}");
            let ttl: i64 = redis.ask(&["PTTL", &text(&key)]).await;
            assert!((50_000..=most).contains(&ttl), "{key}: {ttl}");
        }
    }
}

#[tokio::test]
async fn one_key_whose_policy_has_changed_leaves_the_others_of_its_command_alone() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let (before, after) = (policy(Algorithm::Gcra, 10, HOUR), policy(Algorithm::Gcra, 20, MINUTE));
    redis.one(BEGIN, question("b", &before, 3, Operation::Acquire)).await;
    let all = ["a", "b", "c"].map(|key| (question(key, &after, 2, Operation::Acquire), IN_TIME));
    let left: Vec<_> = redis.run(BEGIN, &all).await.into_iter().map(remaining).collect();
    assert_eq!(left, [[18], [15], [18]]);
}
