//! The script in a real Redis, at times that the test sets.

mod agreement;
mod change;

use std::time::Duration;

use battlement_rate_limit::{
    Algorithm, KeyHash, Outcome, Policies, Policy, PolicyState, Query, Receipt,
};
use battlement_testkit::redis::Redis as Server;
use redis::{Value, aio::MultiplexedConnection};
use tokio::time::Instant;

use super::*;
use crate::RedisStore;

/// An arbitrary time, in microseconds since 2025.
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

    async fn run(&mut self, now: u64, questions: &[(Question, i64)]) -> Vec<Answer> {
        let both = questions.iter().map(|(question, last)| (question, *last));
        let cmd = self.script.command(ScriptRef::Text, Some(now), both);
        let value = cmd.query_async(&mut self.connection).await.unwrap();
        let reply = Reply::of(&value, questions.iter().map(|(question, _)| question)).unwrap();
        assert_eq!(reply.now, now);
        reply.answers.into_vec()
    }

    async fn one(&mut self, now: u64, question: Question) -> Answer {
        self.run(now, &[(question, IN_TIME)]).await.pop().unwrap()
    }

    /// Runs one question like [`one`](Self::one), and extends the TTL of its key, so that the key does not expire by
    /// real time before the next step.
    async fn step(&mut self, now: u64, question: Question) -> Answer {
        let cmd =
            self.script.command(ScriptRef::Text, Some(now), [(&question, IN_TIME)].into_iter());
        let mut all = redis::pipe();
        all.atomic().add_command(cmd);
        all.cmd("PTTL").arg(question.key.to_bytes().as_slice());
        all.cmd("EXPIRE").arg(question.key.to_bytes().as_slice()).arg(86_400).ignore();
        let (value, ttl): (Value, i64) = all.query_async(&mut self.connection).await.unwrap();
        assert!(ttl > 0 || ttl == -2, "it lives for {ttl}");
        Reply::of(&value, [&question]).unwrap().answers.pop().unwrap()
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

fn question(key: &str, policies: &Policies, cost: u32, operation: Operation) -> Question {
    let key = RedisKey::new(format!("{key}:{{").into(), 0);
    Question { key, slot: 0, policies: policies.clone(), cost, operation }
}

/// Returns the name of the key of a question about `key`.
fn text(key: &str) -> String {
    format!("{key}:{{{:032}}}", 0)
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

#[tokio::test]
async fn many_entries_are_decided_one_after_the_other_each_by_its_own_policies() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let two = Policies::from(Policy::per_day("day", 2));
    let both = Policies::new([Policy::per_day("day", 2), Policy::per_hour("hour", 10)]);
    let take = |key, policies| (question(key, policies, 1, Operation::Acquire), IN_TIME);
    let all = [take("a", &two), take("b", &both), take("a", &both), take("a", &two)];
    let answers = redis.run(BEGIN, &all).await;
    let left: Vec<_> = answers.into_iter().map(remaining).collect();
    assert_eq!(left, [vec![1], vec![1, 9], vec![0, 9], vec![0]]);
    let peek = redis.one(BEGIN, question("a", &both, 1, Operation::Peek)).await;
    assert_eq!(
        remaining(peek),
        [0, 9],
        "a policy that is asked for no more stays beside the others"
    );
}

#[tokio::test]
async fn a_stale_question_is_not_executed() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    let last = i64::try_from(BEGIN).unwrap();
    let take = |last| [(question("a", &policies, 1, Operation::Acquire), last)];
    assert_eq!(redis.run(BEGIN, &take(last - 1)).await, [Answer::Stale]);
    let keys: i64 = redis.ask(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
    let mut answers = redis.run(BEGIN, &take(last)).await;
    assert_eq!(remaining(answers.pop().unwrap()), [1]);
}

#[tokio::test]
async fn a_key_of_another_application_fails_alone() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    let _: i64 = redis.ask(&["LPUSH", &text("theirs"), "text"]).await;
    let take = |key| (question(key, &policies, 1, Operation::Acquire), IN_TIME);
    let answers = redis.run(BEGIN, &[take("theirs"), take("ours")]).await;
    assert_eq!(answers[0], Answer::Failed("WRONGTYPE".to_owned()));
    assert_eq!(remaining(answers[1].clone()), [1]);
    let reset = redis.one(BEGIN, question("theirs", &policies, 1, Operation::Reset)).await;
    assert_eq!(reset, Answer::Failed("WRONGTYPE".to_owned()));
}

#[tokio::test]
async fn a_policy_that_is_gone_from_a_key_does_not_shorten_its_life() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let (day, second) = (Policy::per_day("day", 1), Policy::per_second("second", 1));
    for policy in [day, second] {
        redis.one(BEGIN, question("a", &Policies::from(policy), 1, Operation::Acquire)).await;
    }
    let ttl: i64 = redis.ask(&["PTTL", &text("a")]).await;
    assert!(ttl > 86_000_000, "{ttl}");
}

#[tokio::test]
async fn a_cell_that_nobody_can_read_counts_as_none() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_day("day", 2));
    for nonsense in [
        "",
        "nonsense",
        "eight by",
        &"32 bytes".repeat(4),
        &"56 bytes".repeat(7),
        &"\0".repeat(32),
        &"\u{7f}".repeat(56),
    ] {
        let _: String = redis.ask(&["SET", &text("a"), nonsense]).await;
        let answer = redis.one(BEGIN, question("a", &policies, 1, Operation::Acquire)).await;
        assert_eq!(remaining(answer), [1], "{nonsense:?}");
    }
    redis.assert_that_every_key_has_a_ttl().await;
}

#[tokio::test]
async fn the_clock_of_redis_is_read_where_none_is_given() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let questions =
        [question("a", &Policies::from(Policy::per_day("day", 2)), 1, Operation::Acquire)];
    let cmd = redis.script.command(
        ScriptRef::Text,
        None,
        questions.iter().map(|question| (question, IN_TIME)),
    );
    let value = cmd.query_async(&mut redis.connection).await.unwrap();
    let reply = Reply::of(&value, &questions).unwrap();
    let time: Vec<u64> = redis.ask(&["TIME"]).await;
    let now = (time[0] - 1_735_689_600) * 1_000_000 + time[1];
    assert!(now - reply.now < 10_000_000);
}

/// Uses the clock of the server, since keys expire by it.
#[tokio::test]
async fn a_key_lives_until_it_is_as_good_as_new_and_not_much_longer() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let second = Duration::from_secs(1);
    let gcra = Policy::new("gcra", 1, second).burst(1_000);
    let fixed = Policy::new("fixed", 1_000, second * 600).algorithm(Algorithm::FixedWindow);
    let both = Policies::new([gcra.clone(), fixed]);
    for (key, policies) in [("one", Policies::from(gcra)), ("two", both)] {
        let mut used = 0;
        for cost in [1, 1, 2, 1, 1, 5, 1, 1, 1, 1, 100, 300, 1, 1, 1, 1] {
            used += u64::from(cost);
            let question = [question(key, &policies, cost, Operation::Acquire)];
            let both = question.iter().map(|question| (question, IN_TIME));
            let cmd = redis.script.command(ScriptRef::Text, None, both);
            let _: Value = cmd.query_async(&mut redis.connection).await.unwrap();
            let ttl: i64 = redis.ask(&["PTTL", &text(key)]).await;
            let ttl = u64::try_from(ttl).unwrap();
            // A slow test may have regained a second.
            let least = if key == "one" { used * 1_000 } else { 600_000 };
            let most = if key == "one" { least * 5 / 4 + 1_010 } else { least + 10 };
            assert!((least.saturating_sub(3_000)..=most).contains(&ttl), "{key}: {used}, {ttl}");
        }
    }
}

#[tokio::test]
async fn a_key_that_ends_as_late_as_it_must_is_given_no_new_end() {
    let server = Server::start().await.unwrap();
    let mut redis = Scripted::new(&server).await;
    let policies = Policies::from(Policy::per_second("often", 100).burst(100));
    for nth in 0..50 {
        redis.one(BEGIN + nth, question("a", &policies, 1, Operation::Acquire)).await;
        let _: i64 = redis.ask(&["PEXPIRE", &text("a"), "5000000"]).await;
    }
    let ttl: i64 = redis.ask(&["PTTL", &text("a")]).await;
    assert!(ttl > 4_000_000, "{ttl}");
}
