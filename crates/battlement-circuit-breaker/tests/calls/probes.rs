use std::panic::{AssertUnwindSafe, catch_unwind};

use battlement_circuit_breaker::State;
use http_body_util::BodyExt as _;
use tokio::time::advance;

use super::support::{Client, End, Reply, SECOND, half_open, is_rejected, poll};

/// Checks that every slot of a half-open breaker is free.
fn assert_free(client: &Client, what: &str) {
    assert_eq!(client.admitted(20), 3, "{what}");
}

#[tokio::test(start_paused = true)]
async fn of_20_calls_at_once_when_the_open_time_ends_3_are_probes() {
    let (client, handle) = half_open().await;
    let before = client.calls();
    let mut calls: Vec<_> = (0..20).map(|_| client.begin(Reply::Late(SECOND, 200))).collect();
    let rejected =
        calls.iter_mut().filter_map(poll).filter(|end| is_rejected(end.as_ref().unwrap()));
    assert_eq!((rejected.count(), client.calls() - before), (17, 3));
    assert_eq!(handle.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn two_successes_close_the_breaker_and_two_failures_open_it() {
    for (status, state) in [(200, State::Closed), (500, State::Open)] {
        let (client, handle) = half_open().await;
        for _ in 0..2 {
            let answer = client.call(Reply::Status(status)).await.unwrap();
            answer.into_body().collect().await.unwrap();
        }
        assert_eq!(handle.state(), state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_whose_body_is_never_read_is_not_lost() {
    let (client, handle) = half_open().await;
    for _ in 0..2 {
        drop(client.call(Reply::Body(End::Hang)).await.unwrap());
    }
    assert_eq!(handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_a_verdict_gives_its_slot_back() {
    for reply in [Reply::Status(499), Reply::Full, Reply::Grpc(End::Status("1"))] {
        let (client, _) = half_open().await;
        for _ in 0..10 {
            if let Ok(answer) = client.call(reply.clone()).await {
                assert!(!is_rejected(&answer));
                answer.into_body().collect().await.unwrap();
            }
        }
        assert_free(&client, &format!("{reply:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_of_one_account_does_not_lose_the_probe() {
    let (client, handle) = half_open().await;
    client.call(Reply::Status(429)).await.unwrap();
    // It is a failure; the two other probes may still close the breaker.
    assert_eq!((handle.state(), client.admitted(20)), (State::HalfOpen, 2));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_lets_the_next_call_probe() {
    let (client, _) = half_open().await;
    for _ in 0..10 {
        drop(client.begin(Reply::Hang));
        drop(client.pending(Reply::Hang));
        let mut call = client.begin(Reply::Panic);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
        let mut call = client.begin(Reply::PanicInCall);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
        drop(client.call(Reply::Grpc(End::Hang)).await.unwrap());
    }
    assert_free(&client, "dropped");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_loses_its_slot_at_its_deadline() {
    let (client, handle) = half_open().await;
    let hung: Vec<_> = (0..3).map(|_| client.pending(Reply::Hang)).collect();
    assert_eq!(client.admitted(5), 0);
    advance(5 * SECOND).await;
    assert_free(&client, "after the deadline");
    assert_eq!(handle.state(), State::HalfOpen);
    drop(hung);
}

#[tokio::test(start_paused = true)]
async fn probes_that_stream_at_their_deadline_close_the_breaker() {
    let (client, handle) = half_open().await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut answer = client.call(Reply::Grpc(End::Hang)).await.unwrap();
        answer.body_mut().frame().await.unwrap().unwrap();
        streams.push(answer);
    }
    assert_eq!(handle.state(), State::HalfOpen);
    advance(5 * SECOND).await;
    assert_eq!(handle.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_from_before_the_outage_decides_no_probe() {
    let (client, handle) = super::support::billing();
    let mut old = client.begin(Reply::Late(10 * SECOND, 200));
    assert!(poll(&mut old).is_none());
    client.open().await;
    advance(5 * SECOND).await;
    let probe = client.pending(Reply::Hang);
    advance(4 * SECOND).await;
    let late = old.await.unwrap();
    late.into_body().collect().await.unwrap();
    drop(probe);
    assert_eq!(handle.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_call_of_an_older_generation_frees_no_slot() {
    let (client, _) = super::support::billing();
    let old: Vec<_> = (0..3).map(|_| client.pending(Reply::Hang)).collect();
    client.open().await;
    advance(5 * SECOND).await;
    let probes: Vec<_> = (0..3).map(|_| client.pending(Reply::Hang)).collect();
    drop(old);
    assert_eq!(client.admitted(5), 0);
    drop(probes);
}
