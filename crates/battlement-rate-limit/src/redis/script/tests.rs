//! The script in a real Redis, at moments of the test's choice.

mod agreement;

use battlement_testkit::redis::Redis as Server;
use redis::aio::MultiplexedConnection;

use super::*;
use crate::{Policies, Policy};

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
