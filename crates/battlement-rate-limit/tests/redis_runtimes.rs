//! Limits in Redis, while runtimes come and go.
#![cfg(feature = "redis")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::time::Duration;

use battlement_rate_limit::{
    Key, Policy, RateLimitLayer,
    redis::{OnFailure, Redis, RedisStore, State},
};
use battlement_testkit::{eventually, redis::Redis as Server};
use tokio::time::Instant;
use tower::Layer;

use self::service::{answers, ok};

const SOON: Duration = Duration::from_secs(10);

fn layer(redis: &Redis, on_failure: OnFailure) -> RateLimitLayer<RedisStore> {
    let policy = Policy::per_second("all", 1_000);
    RateLimitLayer::new(policy, Key::global()).store(redis.store("orders", on_failure))
}

async fn status(layer: &RateLimitLayer<RedisStore>) -> u16 {
    answers(layer.layer(ok())).await.status.as_u16()
}

#[tokio::test]
async fn a_client_that_nobody_has_any_more_leaves_no_task_behind() {
    let mut server = Server::start().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for expected in [State::Up, State::Down] {
        let redis = Redis::new(&server.url()).unwrap();
        let layer = layer(&redis, OnFailure::Allow);
        assert!(eventually(SOON, || redis.state() == expected).await);
        assert_eq!(status(&layer).await, 200);
        assert!(tasks() > before);
        drop((layer, redis));
        assert!(eventually(SOON, || tasks() == before).await, "{expected:?}");
        server.kill();
    }
}

/// Runs as much of `asks` as can be run within a moment, and then ends the runtime they run in.
fn in_a_runtime_that_ends<F: Future<Output = ()>>(asks: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(asks());
}

#[test]
fn what_waited_in_a_runtime_that_ended_does_not_hold_up_those_in_the_next_one() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let mut server = servers.block_on(Server::start()).unwrap();
    let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5)).build().unwrap();
    let layer = layer(&redis, OnFailure::Deny);
    for _ in 0..3 {
        in_a_runtime_that_ends(async || {
            assert_eq!(status(&layer).await, 200);
            server.pause();
            // Two are on their way, and more wait than go with the next.
            for _ in 0..200 {
                let layer = layer.clone();
                tokio::spawn(async move { status(&layer).await });
            }
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
        });
        server.resume();
    }
    in_a_runtime_that_ends(async || assert_eq!(status(&layer).await, 200));
}

#[test]
fn an_outage_that_a_runtime_did_not_live_to_see_the_end_of_ends_in_the_next_one() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let mut server = servers.block_on(Server::start()).unwrap();
    let redis = Redis::new(&server.url()).unwrap();
    let layer = layer(&redis, OnFailure::Deny);
    in_a_runtime_that_ends(async || {
        status(&layer).await;
        assert!(eventually(SOON, || redis.state() == State::Up).await);
        server.pause();
        let end = Instant::now() + SOON;
        while redis.state() != State::Down && Instant::now() < end {
            assert_eq!(status(&layer).await, 503);
        }
        assert_eq!(redis.state(), State::Down);
    });
    server.resume();
    in_a_runtime_that_ends(async || {
        status(&layer).await;
        assert!(eventually(SOON, || redis.state() == State::Up).await, "{redis:?}");
        assert_eq!(status(&layer).await, 200);
    });
}
