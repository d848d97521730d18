//! The script compared with the in-memory store and with governor, on the same questions at the same times.

mod governors;

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use battlement_rate_limit::Memory;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;

use self::governors::Governors;
use super::*;

#[derive(Clone, Debug)]
enum Step {
    Acquire(u32),
    Peek(u32),
    /// Refunds the charge that was made this many steps ago.
    Refund(usize),
    Reset,
    /// Replaces the numbers of the policies.
    Replace(prop::sample::Index),
}

#[derive(Clone, Debug)]
struct Case {
    /// Sets of policies that replace each other, with the same names and algorithms.
    sets: Vec<Policies>,
    steps: Vec<(u64, Step)>,
}

/// The numbers of a policy.
type Numbers = (u32, u64, u32, bool);

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(vec![Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow])
}

/// Returns cases with intervals of whole microseconds, for which refunds agree exactly.
fn whole() -> impl Strategy<Value = Case> {
    let quota = prop::sample::select(vec![1_u32, 2, 5, 10, 50, 100]);
    let numbers = (quota, 1_u64..20_000, 1_u32..200, prop::bool::weighted(0.2));
    let steps = prop_oneof![
        8 => (0_u32..60).prop_map(Step::Acquire),
        1 => (0_u32..60).prop_map(Step::Peek),
        2 => (0_usize..4).prop_map(Step::Refund),
        1 => Just(Step::Reset),
    ];
    cases(numbers, algorithms(), steps)
}

/// Returns cases with intervals in nanoseconds, and arbitrary times.
fn broken() -> impl Strategy<Value = Case> {
    let numbers = (1_u32..1_000, 1_u64..20_000, 1_u32..2_000, Just(false));
    cases(numbers, algorithms(), (0_u32..300).prop_map(Step::Acquire))
}

/// Returns cases whose policies change. Refunds are made only where a cell is a whole number of microseconds ahead.
fn changing() -> impl Strategy<Value = Case> {
    let numbers = (1_u32..1_000, 1_u64..20_000, 1_u32..200, prop::bool::weighted(0.2));
    let steps = prop_oneof![
        8 => (0_u32..150).prop_map(Step::Acquire),
        1 => (0_u32..60).prop_map(Step::Peek),
        1 => Just(Step::Reset),
        3 => any::<prop::sample::Index>().prop_map(Step::Replace),
    ];
    cases(numbers, algorithms(), steps)
}

/// Returns cases that governor supports: its own algorithm, without refunds.
fn of_governor() -> impl Strategy<Value = Case> {
    let numbers = (1_u32..1_000, 1_u64..20_000, 1_u32..200, Just(false));
    cases(numbers, Just(Algorithm::Gcra), (0_u32..60).prop_map(Step::Acquire))
}

fn cases(
    numbers: impl Strategy<Value = Numbers> + Clone,
    algorithms: impl Strategy<Value = Algorithm>,
    step: impl Strategy<Value = Step>,
) -> impl Strategy<Value = Case> {
    let pauses = prop_oneof![0_u64..50, 0_u64..100_000, 0_u64..30_000_000];
    let numbers = prop::array::uniform3(numbers);
    let policies = prop::collection::vec((algorithms, numbers), 1..4);
    (policies, prop::collection::vec((pauses, step), 1..40)).prop_map(|(policies, steps)| {
        let set = |which: usize| {
            let policies = policies.iter().enumerate();
            Policies::new(
                policies.map(|(nth, (algorithm, all))| policy(nth, *algorithm, all[which])),
            )
        };
        Case { sets: (0..3).map(set).collect(), steps }
    })
}

fn policy(nth: usize, algorithm: Algorithm, (quota, millis, burst, shadow): Numbers) -> Policy {
    let policy = Policy::new(&format!("p{nth}"), quota, Duration::from_millis(millis));
    let is_gcra = algorithm == Algorithm::Gcra;
    let policy = if is_gcra { policy.burst(burst) } else { policy.algorithm(algorithm) };
    policy.shadow(shadow)
}

/// Runs one case step by step in the script, in memory, and in governor as far as it supports the step. Returns the
/// number of comparisons with governor.
async fn agree(redis: &mut Scripted, key: &str, case: &Case) -> Result<usize, TestCaseError> {
    let (memory, begin) = (Memory::default(), Instant::now());
    let mut policies = case.sets[0].clone();
    let mut governors = Governors::of(&policies);
    let (mut now, mut charged) = (0, Vec::new());
    for (pause, step) in &case.steps {
        now += pause;
        governors.pass(Duration::from_micros(*pause));
        let query = |cost| {
            Query::new(KeyHash::from_bits(1), &policies, cost, begin + Duration::from_micros(now))
        };
        let at = BEGIN + now;
        match step {
            Step::Acquire(cost) => {
                let expected = memory.acquire(&query(*cost));
                let answer =
                    redis.step(at, question(key, &policies, *cost, Operation::Acquire)).await;
                prop_assert_eq!(&states(answer), &expected.states);
                governors.agree(&expected, expected.is_denied(&policies), *cost)?;
                if !expected.is_denied(&policies) {
                    charged.push((*cost, expected, at));
                }
            }
            Step::Peek(cost) => {
                let expected = memory.peek(&query(*cost));
                let answer = redis.step(at, question(key, &policies, *cost, Operation::Peek)).await;
                prop_assert_eq!(&states(answer), &expected.states);
            }
            Step::Refund(ago) if *ago < charged.len() => {
                governors.leave();
                let (cost, outcome, taken_at) = charged.remove(charged.len() - 1 - ago);
                memory.refund(&query(cost), &outcome);
                let outcome = outcome.with_receipt(Receipt::new(taken_at));
                let operation = Operation::refund(&query(cost), &outcome);
                let answer = redis.step(at, question(key, &policies, cost, operation)).await;
                prop_assert_eq!(answer, Answer::Done(SmallVec::new()));
            }
            Step::Refund(_) => {}
            Step::Reset => {
                memory.reset(&query(1));
                governors.reset(&policies);
                let answer = redis.one(at, question(key, &policies, 1, Operation::Reset)).await;
                prop_assert_eq!(answer, Answer::Done(SmallVec::new()));
            }
            Step::Replace(which) => {
                governors.leave();
                policies = which.get(&case.sets).clone();
            }
        }
    }
    Ok(governors.asked())
}

#[test]
fn governor_the_memory_and_the_script_agree_on_all_policies_costs_and_times() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start()).unwrap();
    let redis = RefCell::new(runtime.block_on(Scripted::new(&server)));
    let (nth, asked) = (Cell::new(0), Cell::new(0));
    let cases = prop_oneof![whole(), broken(), changing(), of_governor()];
    let tried = TestRunner::new(Config::with_cases(500)).run(&cases, |case| {
        nth.set(nth.get() + 1);
        let key = format!("k{}", nth.get());
        let more = runtime.block_on(agree(&mut redis.borrow_mut(), &key, &case))?;
        asked.set(asked.get() + more);
        Ok(())
    });
    tried.unwrap();
    assert!(asked.get() > 3_000, "governor was asked {} times only", asked.get());
}

#[tokio::test]
async fn the_script_agrees_at_the_limits_of_policies() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
    let mut policies = vec![
        Policy::new("fast", 1_000_000, second).burst(u32::MAX),
        Policy::new("slow", 1, day).burst(100_000),
        Policy::new("odd", 999_999, second).burst(4_000_000_000),
        Policy::new("century", 3, day * 36_500),
    ];
    for (nth, algorithm) in
        [Algorithm::FixedWindow, Algorithm::SlidingWindow].into_iter().enumerate()
    {
        policies.push(Policy::new(&format!("fast{nth}"), 1_000_000, second).algorithm(algorithm));
        policies.push(Policy::new(&format!("vast{nth}"), u32::MAX, day * 365).algorithm(algorithm));
        policies.push(Policy::new(&format!("slow{nth}"), 1, day * 36_500).algorithm(algorithm));
    }
    for (nth, policy) in policies.into_iter().enumerate() {
        let capacity = policy.capacity();
        let period = u64::try_from(policy.period().as_micros()).unwrap();
        let all = [1, capacity / 3, capacity, capacity - 1, u32::MAX, 1];
        let steps = all
            .into_iter()
            .enumerate()
            .map(|(nth, cost)| (period / 7 * (nth as u64 % 3 * 2), Step::Acquire(cost)));
        let case = Case { sets: vec![policy.into()], steps: steps.collect() };
        agree(&mut redis, &format!("k{nth}"), &case).await.unwrap();
    }
}
