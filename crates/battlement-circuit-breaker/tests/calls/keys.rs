use battlement_circuit_breaker::{CircuitBreakerLayer, OpenFor, State};
use tokio::time::advance;

use super::support::{Client, Reply, is_rejected, poll, with};

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

/// Makes 5 calls to `host` that fail.
async fn fail(client: &Client, host: &str) {
    for _ in 0..5 {
        client.call_at(host, Reply::Status(500)).await.unwrap();
    }
}

async fn touch(client: &Client, hosts: &[&str]) {
    for host in hosts {
        client.call_at(host, Reply::Status(200)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_down_does_not_stop_the_calls_to_another() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    fail(&client, "http://down/").await;
    assert!(is_rejected(&client.call_at("http://DOWN/", Reply::Status(200)).await.unwrap()));
    assert!(!is_rejected(&client.call_at("http://well/", Reply::Status(200)).await.unwrap()));
    assert_eq!(handle.by_key("down").state(), State::Open);
    assert_eq!(handle.by_key("well").state(), State::Closed);
    assert_eq!(handle.state(), State::Open);
    let mut keys = handle.keys();
    keys.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(keys, [("down".into(), State::Open), ("well".into(), State::Closed)]);
}

#[tokio::test(start_paused = true)]
async fn keys_beyond_the_most_share_a_state_and_are_counted() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority().max_keys(2));
    touch(&client, &["http://a/", "http://b/", "http://c/", "http://a/"]).await;
    assert_eq!((handle.keys().len(), handle.overflows()), (2, 1));
    fail(&client, "http://c/").await;
    assert!(is_rejected(&client.call_at("http://d/", Reply::Status(200)).await.unwrap()));
    assert!(!is_rejected(&client.call_at("http://a/", Reply::Status(200)).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_key_without_calls_for_10_minutes_makes_room_for_another() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority().max_keys(2));
    touch(&client, &["http://a/", "http://b/"]).await;
    advance(9 * MINUTE).await;
    touch(&client, &["http://b/", "http://c/"]).await;
    assert_eq!(handle.overflows(), 1);
    advance(MINUTE).await;
    touch(&client, &["http://c/"]).await;
    assert_eq!(handle.overflows(), 1);
    let mut keys: Vec<_> = handle.keys().into_iter().map(|(key, _)| key).collect();
    keys.sort();
    assert_eq!(keys, ["b".into(), "c".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_open_or_has_a_call_in_flight_is_not_removed() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    touch(&client, &["http://idle/"]).await;
    let mut call = client.begin_at("http://busy/", Reply::Hang);
    assert!(poll(&mut call).is_none());
    handle.by_key("down").force_open();
    advance(60 * MINUTE).await;
    let mut keys: Vec<_> = handle.keys().into_iter().map(|(key, _)| key).collect();
    keys.sort();
    assert_eq!(keys, ["busy".into(), "down".into()]);
    drop(call);
    handle.by_key("down").unforce();
    advance(10 * MINUTE).await;
    assert!(handle.keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_an_operator_forced_closed_is_not_removed() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    handle.by_key("pinned").force_closed();
    advance(60 * MINUTE).await;
    touch(&client, &["http://other/"]).await;
    fail(&client, "http://pinned/").await;
    assert_eq!(handle.by_key("pinned").state(), State::ForcedClosed);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_failures_opened_is_not_removed_during_its_open_time() {
    let hour = OpenFor::fixed(60 * MINUTE);
    let (client, handle) = with(CircuitBreakerLayer::per_authority().open_for(hour));
    fail(&client, "http://down/").await;
    advance(59 * MINUTE).await;
    assert_eq!(handle.keys(), [("down".into(), State::Open)]);
    assert!(is_rejected(&client.call_at("http://down/", Reply::Status(200)).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_open_time_is_over_is_removed_if_it_is_not_called() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    fail(&client, "http://gone/").await;
    advance(10 * MINUTE).await;
    assert!(handle.keys().is_empty());
    assert_eq!(handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_would_exceed_the_share_stays_closed_and_opens_when_another_closes() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority().max_open(0.5));
    touch(&client, &["http://a/", "http://b/", "http://c/", "http://d/"]).await;
    for host in ["http://a/", "http://b/", "http://c/"] {
        fail(&client, host).await;
    }
    let state = |key: &str| handle.by_key(key).state();
    assert_eq!([state("a"), state("b"), state("c")], [State::Open, State::Open, State::Closed]);
    assert_eq!(handle.held_closed(), 1);
    handle.by_key("a").reset();
    client.call_at("http://c/", Reply::Status(500)).await.unwrap();
    assert_eq!([state("a"), state("c")], [State::Closed, State::Open]);
}

#[tokio::test(start_paused = true)]
async fn the_share_is_not_limited_below_4_keys() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority().max_open(0.1));
    for host in ["http://a/", "http://b/", "http://c/"] {
        fail(&client, host).await;
    }
    assert!(handle.keys().iter().all(|(_, state)| *state == State::Open));
    fail(&client, "http://d/").await;
    assert_eq!((handle.by_key("d").state(), handle.held_closed()), (State::Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_removed_while_open_gives_its_share_back() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority().max_open(0.5));
    touch(&client, &["http://a/", "http://b/", "http://c/", "http://d/"]).await;
    fail(&client, "http://a/").await;
    fail(&client, "http://b/").await;
    advance(20 * MINUTE).await;
    touch(&client, &["http://c/", "http://d/", "http://e/", "http://f/"]).await;
    fail(&client, "http://c/").await;
    fail(&client, "http://d/").await;
    assert_eq!(handle.held_closed(), 0);
    assert_eq!(handle.check_state().reason(), "client is open for 2 of 4 keys");
}

#[tokio::test(start_paused = true)]
async fn an_open_state_of_calls_without_a_key_is_named_as_such() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    fail(&client, "/without-a-host").await;
    let reason = handle.check_state();
    assert_eq!(reason.reason(), "client is open for calls without a key of their own");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_forced_as_the_others_are() {
    let (client, handle) = with(CircuitBreakerLayer::per_authority());
    handle.force_open();
    assert!(is_rejected(&client.call_at("http://new/", Reply::Status(200)).await.unwrap()));
    handle.unforce();
    assert!(!is_rejected(&client.call_at("http://new/", Reply::Status(200)).await.unwrap()));
}
