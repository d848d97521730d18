//! Limits in Redis, while runtimes start and end.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod service;

use std::time::Duration;

use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore, State};
use battlement_testkit::{eventually, redis::Redis as Server};
use http::Request;
use tokio::time::Instant;
use tower::{Layer, ServiceExt as _};

use self::service::ok;

const SOON: Duration = Duration::from_secs(10);

fn layer(redis: &Redis, on_failure: OnFailure) -> RateLimitLayer<RedisStore> {
    let policy = Policy::per_second("all", 1_000);
    RateLimitLayer::new(policy, Key::global()).store(redis.store("orders", on_failure))
}

async fn status(layer: &RateLimitLayer<RedisStore>) -> u16 {
    layer.layer(ok()).oneshot(Request::new(())).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_dropped_client_leaves_no_task_behind() {
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

/// Runs `asks` for a moment, and then ends the runtime.
fn in_a_runtime_that_ends<F: Future<Output = ()>>(asks: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(asks());
}

#[test]
fn requests_of_a_runtime_that_ended_do_not_delay_the_next_runtime() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let mut server = servers.block_on(Server::start()).unwrap();
    let redis = Redis::builder(&server.url()).deadline(Duration::from_secs(5)).build().unwrap();
    let layer = layer(&redis, OnFailure::Deny);
    for _ in 0..3 {
        in_a_runtime_that_ends(async || {
            assert_eq!(status(&layer).await, 200);
            server.pause();
            // Two are in flight, and more wait than fit into the next batch.
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
fn an_outage_during_which_a_runtime_ended_ends_in_the_next_runtime() {
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

/// A runtime that exists but is no longer driven, in which `made` was created.
struct Parked<T> {
    made: T,
    _runtime: tokio::runtime::Runtime,
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn parked<T>(make: impl AsyncFnOnce() -> T) -> Parked<T> {
    let runtime = current_thread();
    Parked { made: runtime.block_on(make()), _runtime: runtime }
}

#[test]
fn a_handle_created_in_a_runtime_that_is_not_driven_works_in_another() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let server = servers.block_on(Server::start()).unwrap();
    let build = || Redis::builder(&server.url()).deadline(SOON).build().unwrap();
    let fresh = parked(async || build());
    let used = parked(async || {
        let redis = build();
        assert_eq!(status(&layer(&redis, OnFailure::Deny)).await, 200);
        redis
    });
    for parked in [fresh, used] {
        let layer = layer(&parked.made, OnFailure::Deny);
        current_thread().block_on(async {
            for _ in 0..180 {
                assert_eq!(status(&layer).await, 200, "{:?}", parked.made);
            }
            assert_eq!(parked.made.state(), State::Up);
        });
    }
}

#[test]
fn an_outage_is_detected_and_ends_while_the_runtime_of_the_handle_is_not_driven() {
    let servers = tokio::runtime::Runtime::new().unwrap();
    let mut server = servers.block_on(Server::start()).unwrap();
    let parked = parked(async || {
        let redis = Redis::new(&server.url()).unwrap();
        assert!(eventually(SOON, || redis.state() == State::Up).await);
        redis
    });
    let layer = layer(&parked.made, OnFailure::Deny);
    current_thread().block_on(async {
        server.pause();
        let end = Instant::now() + SOON;
        while parked.made.state() != State::Degraded && Instant::now() < end {
            assert_eq!(status(&layer).await, 503);
        }
        // The runtime that is not driven still has its last state.
        assert_eq!(parked.made.state(), State::Degraded);
        server.resume();
        assert!(eventually(SOON, || parked.made.state() == State::Up).await, "{:?}", parked.made);
        assert_eq!(status(&layer).await, 200);
    });
}

mod alone {
    use std::{
        hint::spin_loop,
        sync::{Arc, Barrier},
        thread,
    };

    use super::{
        Duration, Instant, OnFailure, RateLimitLayer, Redis, RedisStore, Server, current_thread,
        layer, status,
    };

    const BLOCKED: Duration = Duration::from_secs(2);
    const CORES: usize = 3;

    /// Sends requests until `end`, and returns the number of requests and of failed ones.
    async fn ask_until(layer: &RateLimitLayer<RedisStore>, end: Instant) -> [usize; 2] {
        let mut counts = [0; 2];
        while Instant::now() < end {
            counts[0] += 1;
            counts[1] += usize::from(status(layer).await != 200);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        counts
    }

    /// Runs one core of a service with a runtime per core: it serves requests, and one of the cores blocks for a
    /// while.
    fn core(nth: usize, layer: &RateLimitLayer<RedisStore>, all_served: &Barrier) -> [usize; 2] {
        let runtime = current_thread();
        // The core that will block is the first to ask.
        if nth > 0 {
            all_served.wait();
        }
        assert_eq!(runtime.block_on(status(layer)), 200);
        if nth == 0 {
            all_served.wait();
        }
        all_served.wait();
        let end = Instant::now() + BLOCKED;
        if nth == 0 {
            // A handler that computes without yielding.
            return runtime.block_on(async {
                while Instant::now() < end {
                    spin_loop();
                }
                [1, usize::from(status(layer).await != 200)]
            });
        }
        runtime.block_on(ask_until(layer, end))
    }

    #[test]
    fn a_core_that_blocks_fails_no_request_of_the_other_cores() {
        let servers = tokio::runtime::Runtime::new().unwrap();
        let server = servers.block_on(Server::start()).unwrap();
        for coalesce in [64, 1] {
            let redis = Redis::builder(&server.url()).coalesce(coalesce);
            let redis = redis.deadline(Duration::from_millis(250)).build().unwrap();
            let (layer, all_served) = (layer(&redis, OnFailure::Deny), Barrier::new(CORES));
            let (layer, all_served) = (Arc::new(layer), Arc::new(all_served));
            let cores: Vec<_> = (0..CORES)
                .map(|nth| {
                    let (layer, all_served) = (layer.clone(), all_served.clone());
                    thread::spawn(move || core(nth, &layer, &all_served))
                })
                .collect();
            for core in cores {
                let [all, failed] = core.join().unwrap();
                assert!(all > 0 && failed == 0, "{failed} of {all}");
            }
        }
    }
}
