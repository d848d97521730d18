use std::time::Duration;

use battlement_health::{CheckState, RunCheck, checks};
use battlement_testkit::redis::Redis;
use redis::Client;
use tokio::time::{Instant, timeout};

/// The time within which a server that runs is seen.
const DEADLINE: Duration = Duration::from_secs(10);

/// Runs the check until its state is `expected`.
async fn until(check: &impl RunCheck, expected: &str) -> CheckState {
    let end = Instant::now() + DEADLINE;
    loop {
        let state = check.run().await;
        if state.as_str() == expected {
            return state;
        }
        assert!(Instant::now() < end, "{state}");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_fails_and_recovers_with_a_new_connection() {
    let mut redis = Redis::start().await.unwrap();
    let check = checks::redis::client(Client::open(redis.url()).unwrap());
    assert_eq!(check.run().await.to_string(), "pass: answers");
    assert_eq!(check.run().await.as_str(), "pass");
    let connections: String = redis.query(&["INFO", "clients"]).await.unwrap();
    // The connection of the check, and the connection of the query.
    assert!(connections.contains("connected_clients:2\r\n"), "{connections}");

    redis.kill();
    until(&check, "fail").await;
    let state = check.run().await;
    assert!(state.reason().starts_with("cannot connect: "), "{state}");
    redis.restart().await.unwrap();
    until(&check, "pass").await;
}

#[tokio::test]
async fn a_run_that_times_out_leaves_no_connection_for_the_next_one() {
    let mut redis = Redis::start().await.unwrap();
    let check = checks::redis::client(Client::open(redis.url()).unwrap());
    assert_eq!(check.run().await.as_str(), "pass");
    redis.pause();
    timeout(Duration::from_millis(50), check.run()).await.unwrap_err();
    redis.resume();
    assert_eq!(until(&check, "pass").await.reason(), "answers");
}

#[tokio::test]
async fn a_connection_of_the_service_is_asked() {
    let mut redis = Redis::start().await.unwrap();
    let client = Client::open(redis.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let check = checks::redis::connection(connection);
    assert_eq!(check.run().await.as_str(), "pass");
    redis.kill();
    until(&check, "fail").await;
}

#[tokio::test]
async fn an_error_of_the_server_fails_and_shows_no_password() {
    let redis = Redis::start().await.unwrap();
    let _: () = redis.query(&["CONFIG", "SET", "requirepass", "right"]).await.unwrap();
    let url = redis.url().replace("redis://", "redis://:hunter2@");
    let check = checks::redis::client(Client::open(url).unwrap());
    let state = check.run().await;
    assert_eq!(state.as_str(), "fail");
    assert!(!format!("{state} {check:?}").contains("hunter2"), "{state}");
}
