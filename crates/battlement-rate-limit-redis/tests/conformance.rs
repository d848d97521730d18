//! The conformance suite for the store in a real Redis.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    future::ready,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use battlement_rate_limit_redis::{OnFailure, Redis, RedisStore};
use battlement_testkit::{
    redis::Redis as Server,
    store::{Clock, Conformance, Processes, address, random_cases, share_quota, slow_cases},
};
use tokio::runtime::Runtime;

/// A deadline that is long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(5);

fn client(url: &str) -> Redis {
    Redis::builder(url).deadline(PATIENT).build().unwrap()
}

/// Returns a suite whose stores have names of their own. Without the deny cache, a refund or a change of policies by
/// another process applies at once.
fn suite(redis: Redis) -> Conformance<RedisStore> {
    with_denials(redis, 0)
}

/// Returns a suite for stores that cache denials.
fn with_denials(redis: Redis, denials: usize) -> Conformance<RedisStore> {
    let stores = AtomicU64::new(0);
    let open = move || {
        let name = format!("store{}", stores.fetch_add(1, Relaxed));
        ready(redis.store(&name, OnFailure::Deny).deny_cache(denials))
    };
    Conformance::new(open, Clock::Real)
}

#[tokio::test]
async fn the_store_in_redis_conforms() {
    let server = Server::start().await.unwrap();
    suite(client(&server.url())).run().await;
}

#[tokio::test]
async fn the_store_in_redis_conforms_with_its_deny_cache() {
    let server = Server::start().await.unwrap();
    with_denials(client(&server.url()), 10_000).run().await;
}

#[tokio::test]
async fn the_store_in_redis_conforms_without_batches() {
    let server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).deadline(PATIENT).coalesce(1).build().unwrap();
    suite(redis).run().await;
}

#[cfg(feature = "redis-cluster")]
#[tokio::test]
async fn the_store_in_a_redis_cluster_conforms() {
    let cluster = battlement_testkit::redis::RedisCluster::start().await.unwrap();
    let redis = Redis::cluster(cluster.urls()).deadline(PATIENT).build().unwrap();
    suite(redis).run().await;
}

#[test]
fn the_store_in_redis_agrees_with_the_model_in_random_cases() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start()).unwrap();
    random_cases(&runtime, &suite(client(&server.url())), &slow_cases(), 60);
}

#[tokio::test]
async fn processes_admit_exactly_the_quota() {
    if let Some(url) = address() {
        let store = client(&url).store("processes", OnFailure::Deny);
        return share_quota(&store).await;
    }
    let server = Server::start().await.unwrap();
    Processes::of_test("processes_admit_exactly_the_quota").share(&server.url()).await;
}
