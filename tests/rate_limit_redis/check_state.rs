//! Health checks of a client and of its stores, while a real server stops and starts.

use std::time::Duration;

use battlement_rate_limit_redis::{CheckState, OnFailure, Redis, State};
use battlement_testkit::{
    eventually,
    redis::{Redis as Server, RedisCluster},
};
use tokio::time::sleep;

use crate::shop::{HALF, PATIENCE};

/// Returns the results of the client, and of stores that deny, allow and fall back.
fn results(redis: &Redis) -> [CheckState; 4] {
    let store = |on_failure| redis.store("shop", on_failure).check_state();
    [redis.check_state(), store(OnFailure::Deny), store(OnFailure::Allow), store(HALF)]
}

fn words(redis: &Redis) -> [&'static str; 4] {
    results(redis).map(|result| result.as_str())
}

#[tokio::test]
async fn checks_pass_while_the_server_runs_and_fail_only_where_requests_are_denied() {
    let mut server = Server::start().await.unwrap();
    let redis = Redis::builder(&server.url()).build().unwrap();
    for _ in 0..2 {
        assert!(eventually(PATIENCE, || words(&redis) == ["pass"; 4]).await, "{redis:?}");
        server.kill();
        let expected = ["degraded", "fail", "degraded", "degraded"];
        assert!(eventually(PATIENCE, || words(&redis) == expected).await, "{redis:?}");
        let refused = || redis.check_state().reason().ends_with("the connection was refused");
        assert!(eventually(PATIENCE, refused).await, "{:?}", redis.check_state());
        let consequences = [
            "rejecting requests",
            "allowing requests without a limit",
            "falling back to local limits",
        ];
        for (result, consequence) in results(&redis)[1..].iter().zip(consequences) {
            let reason = result.reason();
            assert!(reason.starts_with("Redis is unavailable: "), "{reason}");
            assert!(reason.ends_with(&format!("; {consequence}")), "{reason}");
        }
        server.restart().await.unwrap();
    }
    assert!(eventually(PATIENCE, || redis.check_state().as_str() == "pass").await, "{redis:?}");
    assert_eq!(redis.check_state().reason(), "Redis is available");
}

#[test]
fn checks_do_not_pass_before_the_first_connection_is_made() {
    // Outside of a runtime, no connection is made.
    let redis = Redis::new("redis://user:hunter2@127.0.0.1:6379/").unwrap();
    assert_eq!(redis.state(), State::Connecting);
    assert_eq!(words(&redis), ["degraded", "fail", "degraded", "degraded"]);
    for result in results(&redis) {
        assert!(result.reason().starts_with("connecting to Redis"), "{result}");
        assert!(!result.reason().contains("hunter2"), "{result}");
    }
}

#[tokio::test]
async fn checks_are_degraded_while_one_node_of_a_cluster_is_unavailable() {
    let mut cluster = RedisCluster::start().await.unwrap();
    let redis = Redis::cluster(cluster.urls()).build().unwrap();
    assert!(eventually(PATIENCE, || words(&redis) == ["pass"; 4]).await, "{redis:?}");
    cluster.master_of(0).kill();
    assert!(eventually(PATIENCE, || redis.state() == State::Degraded).await, "{redis:?}");
    assert!(eventually(PATIENCE, || words(&redis) == ["degraded"; 4]).await, "{redis:?}");
    let deny = redis.store("shop", OnFailure::Deny).check_state();
    assert!(deny.reason().starts_with("parts of Redis are unavailable"), "{deny}");
    assert!(deny.reason().ends_with("; rejecting requests for their keys"), "{deny}");
}

#[tokio::test]
async fn nodes_that_stop_answering_are_found_without_a_request_while_another_is_down() {
    let mut cluster = RedisCluster::start().await.unwrap();
    let redis = Redis::cluster(cluster.urls()).build().unwrap();
    assert!(eventually(PATIENCE, || redis.state() == State::Up).await, "{redis:?}");
    cluster.master_of(0).kill();
    assert!(eventually(PATIENCE, || redis.state() == State::Degraded).await, "{redis:?}");
    // The outage lasts for a while, so that the probes that it caused are over. The connections of the other nodes stay
    // open, so only answers that do not come show that they stop.
    sleep(Duration::from_millis(500)).await;
    for slot in [8_191, 16_383] {
        cluster.master_of(slot).pause();
    }
    assert!(eventually(PATIENCE, || redis.state() == State::Down).await, "{redis:?}");
}
