//! The script in a real Redis, at moments of the test's choice.

use std::time::Duration;

use battlement_testkit::redis::Redis as Server;
use proptest::{prelude::*, test_runner::TestRunner};
use redis::aio::MultiplexedConnection;
use tokio::{runtime::Runtime, time::Instant};

use super::*;
use crate::{Algorithm, Ask, KeyHash, Memory, Outcome, Policies, Policy};

/// Some moment, in microseconds since 2025.
const BEGIN: u64 = 60_000_000_000_123;
const IN_TIME: i64 = 1 << 62;

struct Scripted {
    connection: MultiplexedConnection,
    script: Script,
}

impl Scripted {
    async fn new(server: &Server) -> Self {
        let client = redis::Client::open(server.url()).unwrap();
        let connection = client.get_multiplexed_async_connection().await.unwrap();
        Self { connection, script: Script::new() }
    }

    async fn run(&mut self, now: u64, entries: &[(Entry, i64)]) -> Vec<Answer> {
        let both = entries.iter().map(|(entry, last)| (entry, *last));
        let cmd = self.script.command(By::Text, Some(now), both);
        let value = cmd.query_async(&mut self.connection).await.unwrap();
        let reply = self.script.reply(value, entries.iter().map(|(entry, _)| entry)).unwrap();
        assert_eq!(reply.now, now);
        reply.answers
    }

    async fn one(&mut self, now: u64, entry: Entry) -> Answer {
        self.run(now, &[(entry, IN_TIME)]).await.pop().unwrap()
    }

    /// As [`one`](Self::one), while real time stands still: the key is there with a TTL, or it is not there,
    /// and if it is it will still be there for the next step, whenever that comes.
    async fn step(&mut self, now: u64, entry: Entry) -> Answer {
        let cmd = self.script.command(By::Text, Some(now), [(&entry, IN_TIME)].into_iter());
        let mut all = redis::pipe();
        all.atomic().add_command(cmd);
        all.cmd("PTTL").arg(&entry.key);
        all.cmd("EXPIRE").arg(&entry.key).arg(86_400).ignore();
        let (value, ttl): (Value, i64) = all.query_async(&mut self.connection).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "it lives for {ttl}");
        self.script.reply(value, [&entry]).unwrap().answers.pop().unwrap()
    }

    async fn ask<T: redis::FromRedisValue>(&mut self, words: &[&str]) -> T {
        let mut cmd = redis::cmd(words[0]);
        cmd.arg(&words[1..]);
        cmd.query_async(&mut self.connection).await.unwrap()
    }

    async fn assert_that_every_key_has_a_ttl(&mut self) {
        let keys: Vec<String> = self.ask(&["KEYS", "*"]).await;
        for key in keys {
            let ttl: i64 = self.ask(&["PTTL", &key]).await;
            assert!(ttl > 0, "{key} lives for {ttl}");
        }
    }
}

fn entry(key: &str, policies: &Policies, cost: u32, what: What) -> Entry {
    Entry { key: key.to_owned(), slot: 0, policies: policies.clone(), cost, what }
}

fn states(answer: Answer) -> SmallVec<[PolicyState; 2]> {
    match answer {
        Answer::Done(states) => states,
        other => panic!("{other:?}"),
    }
}

fn remaining(answer: Answer) -> Vec<u32> {
    states(answer).iter().map(|state| state.remaining).collect()
}

/// As the script tells times: in microseconds, rounded up.
fn in_micros(outcome: &Outcome) -> SmallVec<[PolicyState; 2]> {
    let up = |time: Duration| {
        Duration::from_micros(u64::try_from(time.as_nanos().div_ceil(1_000)).unwrap())
    };
    let state = |state: &PolicyState| {
        let ruling = match state.ruling {
            Ruling::Deny { wait: Some(wait) } => Ruling::Deny { wait: Some(up(wait)) },
            ruling => ruling,
        };
        PolicyState { ruling, remaining: state.remaining, reset: up(state.reset) }
    };
    outcome.states.iter().map(state).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Take(u32),
    Look(u32),
    /// What was taken that many steps ago.
    GiveBack(usize),
    Forget,
}

#[derive(Clone, Debug)]
struct Case {
    policies: Vec<Policy>,
    steps: Vec<(u64, Step)>,
}

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(vec![Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow])
}

/// Whole microseconds an interval, so that refunds agree exactly as well.
fn whole() -> impl Strategy<Value = Case> {
    let quota = prop::sample::select(vec![1_u32, 2, 5, 10, 50, 100]);
    let policy = (quota, 1_u64..20_000, 1_u32..200, algorithms(), prop::bool::weighted(0.2));
    let steps = prop_oneof![
        8 => (0_u32..60).prop_map(Step::Take),
        1 => (0_u32..60).prop_map(Step::Look),
        2 => (0_usize..4).prop_map(Step::GiveBack),
        1 => Just(Step::Forget),
    ];
    cases(policy, steps)
}

/// Intervals in nanoseconds, and times that are no multiple of anything.
fn broken() -> impl Strategy<Value = Case> {
    let policy = (1_u32..1_000, 1_u64..20_000, 1_u32..2_000, algorithms(), Just(false));
    cases(policy, (0_u32..300).prop_map(Step::Take))
}

fn cases(
    policy: impl Strategy<Value = (u32, u64, u32, Algorithm, bool)>,
    step: impl Strategy<Value = Step>,
) -> impl Strategy<Value = Case> {
    let pauses = prop_oneof![0_u64..50, 0_u64..100_000, 0_u64..30_000_000];
    let policies = prop::collection::vec(policy, 1..4);
    (policies, prop::collection::vec((pauses, step), 1..40)).prop_map(|(policies, steps)| {
        let policies = policies.into_iter().enumerate().map(|(nth, numbers)| {
            let (quota, millis, burst, algorithm, shadow) = numbers;
            let policy = Policy::new(&format!("p{nth}"), quota, Duration::from_millis(millis));
            let gcra = algorithm == Algorithm::Gcra;
            let policy = if gcra { policy.burst(burst) } else { policy.algorithm(algorithm) };
            policy.shadow(shadow)
        });
        Case { policies: policies.collect(), steps }
    })
}

/// One case, step by step in the script and in memory.
async fn agree(redis: &mut Scripted, key: &str, case: &Case) -> Result<(), TestCaseError> {
    let (memory, begin) = (Memory::default(), Instant::now());
    let policies = Policies::new(case.policies.clone());
    let (mut now, mut charged) = (0, Vec::new());
    for (pause, step) in &case.steps {
        now += pause;
        let ask = |cost| {
            Ask::new(KeyHash::of_bits(1), &policies, cost, begin + Duration::from_micros(now))
        };
        let at = BEGIN + now;
        match step {
            Step::Take(cost) => {
                let expected = memory.take(&ask(*cost));
                let answer = redis.step(at, entry(key, &policies, *cost, What::Acquire)).await;
                prop_assert_eq!(&states(answer), &in_micros(&expected));
                if !expected.is_denied(&policies) {
                    charged.push((*cost, expected, at));
                }
            }
            Step::Look(cost) => {
                let expected = memory.look(&ask(*cost));
                let answer = redis.step(at, entry(key, &policies, *cost, What::Peek)).await;
                prop_assert_eq!(&states(answer), &in_micros(&expected));
            }
            Step::GiveBack(ago) if *ago < charged.len() => {
                let (cost, outcome, taken_at) = charged.remove(charged.len() - 1 - ago);
                memory.give_back(&ask(cost), &outcome);
                let outcome = Outcome { stamp: taken_at, ..outcome };
                let what = What::refund(&ask(cost), &outcome);
                let answer = redis.step(at, entry(key, &policies, cost, what)).await;
                prop_assert_eq!(answer, Answer::Done(SmallVec::new()));
            }
            Step::GiveBack(_) => {}
            Step::Forget => {
                memory.forget(&ask(1));
                let answer = redis.one(at, entry(key, &policies, 1, What::Reset)).await;
                prop_assert_eq!(answer, Answer::Done(SmallVec::new()));
            }
        }
    }
    Ok(())
}

fn all_agree(cases: impl Strategy<Value = Case>) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start()).unwrap();
    let redis = std::cell::RefCell::new(runtime.block_on(Scripted::new(&server)));
    let nth = std::cell::Cell::new(0);
    let tried = TestRunner::default().run(&cases, |case| {
        nth.set(nth.get() + 1);
        runtime.block_on(agree(&mut redis.borrow_mut(), &format!("k{}", nth.get()), &case))
    });
    tried.unwrap();
}

#[test]
fn the_script_agrees_with_the_memory_and_so_with_governor() {
    all_agree(whole());
}

#[test]
fn it_agrees_to_the_nanosecond_where_intervals_are_no_whole_microseconds() {
    all_agree(broken());
}

#[tokio::test]
async fn it_agrees_at_the_ends_of_what_policies_may_be() {
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
            .map(|(nth, cost)| (period / 7 * (nth as u64 % 3 * 4), Step::Take(cost)));
        let case = Case { policies: vec![policy], steps: steps.collect() };
        agree(&mut redis, &format!("k{nth}"), &case).await.unwrap();
    }
}

#[tokio::test]
async fn many_entries_are_decided_one_after_the_other_each_by_its_own_policies() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let two = Policies::from(Policy::per_day("day", 2));
    let both = Policies::new([Policy::per_day("day", 2), Policy::per_hour("hour", 10)]);
    let take = |key, policies| (entry(key, policies, 1, What::Acquire), IN_TIME);
    let all = [take("a", &two), take("b", &both), take("a", &both), take("a", &two)];
    let answers = redis.run(BEGIN, &all).await;
    let left: Vec<_> = answers.into_iter().map(remaining).collect();
    assert_eq!(left, [vec![1], vec![1, 9], vec![0, 9], vec![0]]);
    let peek = redis.one(BEGIN, entry("a", &both, 1, What::Peek)).await;
    assert_eq!(
        remaining(peek),
        [0, 9],
        "a policy that is asked for no more stays beside the others"
    );
}

#[tokio::test]
async fn what_comes_too_late_is_not_done() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    let last = i64::try_from(BEGIN).unwrap();
    let take = |last| [(entry("a", &policies, 1, What::Acquire), last)];
    assert_eq!(redis.run(BEGIN, &take(last - 1)).await, [Answer::Stale]);
    let keys: i64 = redis.ask(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
    let mut answers = redis.run(BEGIN, &take(last)).await;
    assert_eq!(remaining(answers.pop().unwrap()), [1]);
}

#[tokio::test]
async fn a_key_of_somebody_else_fails_alone() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    let _: i64 = redis.ask(&["LPUSH", "theirs", "text"]).await;
    let take = |key| (entry(key, &policies, 1, What::Acquire), IN_TIME);
    let answers = redis.run(BEGIN, &[take("theirs"), take("ours")]).await;
    assert_eq!(answers[0], Answer::Failed("WRONGTYPE".to_owned()));
    assert_eq!(remaining(answers[1].clone()), [1]);
    let reset = redis.one(BEGIN, entry("theirs", &policies, 1, What::Reset)).await;
    assert_eq!(reset, Answer::Failed("WRONGTYPE".to_owned()));
}

#[tokio::test]
async fn a_policy_that_is_gone_from_a_key_does_not_shorten_its_life() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let (day, second) = (Policy::per_day("day", 1), Policy::per_second("second", 1));
    for policy in [day, second] {
        redis.one(BEGIN, entry("a", &Policies::from(policy), 1, What::Acquire)).await;
    }
    let ttl: i64 = redis.ask(&["PTTL", "a"]).await;
    assert!(ttl > 86_000_000, "{ttl}");
}

#[tokio::test]
async fn a_cell_that_nobody_can_read_counts_as_none() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    for text in ["", "nonsense", "g:day", "g:day\n", "g:day\n\n", "g:day\n\nshort", "\n\n"] {
        let _: String = redis.ask(&["SET", "a", text]).await;
        let answer = redis.one(BEGIN, entry("a", &policies, 1, What::Acquire)).await;
        assert_eq!(remaining(answer), [1], "{text:?}");
    }
    redis.assert_that_every_key_has_a_ttl().await;
}

#[tokio::test]
async fn the_clock_of_redis_is_read_where_none_is_given() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let entries = [entry("a", &Policies::from(Policy::per_day("day", 2)), 1, What::Acquire)];
    let cmd = redis.script.command(By::Text, None, entries.iter().map(|entry| (entry, IN_TIME)));
    let value = cmd.query_async(&mut redis.connection).await.unwrap();
    let reply = redis.script.reply(value, &entries).unwrap();
    let time: Vec<u64> = redis.ask(&["TIME"]).await;
    let now = (time[0] - 1_735_689_600) * 1_000_000 + time[1];
    assert!(now - reply.now < 10_000_000);
}

#[test]
fn nonsense_is_no_answer() {
    let (script, policies) = (Script::new(), Policies::from(Policy::per_day("day", 2)));
    let entries = [entry("a", &policies, 1, What::Acquire)];
    let int = Value::Int;
    for value in [
        Value::Nil,
        Value::Array(vec![]),
        Value::Array(vec![int(-1)]),
        Value::Array(vec![int(1), int(7)]),
        Value::Array(vec![int(1), int(0), int(-1), int(5)]),
        Value::Array(vec![int(1), int(0), int(-3), int(5), int(5)]),
        Value::Array(vec![int(1), int(0), int(-1), int(-5), int(5)]),
        Value::Array(vec![int(1), int(2), int(5)]),
    ] {
        assert_eq!(script.reply(value.clone(), &entries), Err(Malformed), "{value:?}");
    }
}
