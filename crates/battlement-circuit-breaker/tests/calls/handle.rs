use std::{io, time::Duration};

use battlement_circuit_breaker::{
    CircuitBreakerLayer, HalfOpen, OpenFor, RunError, State, judge_error,
};
use battlement_core::{Failure, Rejection, Verdict};
use tokio::time::advance;

use super::support::{Reply, SECOND, billing, half_open, is_rejected, poll};

#[tokio::test(start_paused = true)]
async fn a_forced_state_lasts_until_it_is_released() {
    let (client, handle) = billing();
    handle.force_open();
    advance(3_600 * SECOND).await;
    assert!(is_rejected(&client.call(Reply::Status(200)).await.unwrap()));
    handle.force_closed();
    for _ in 0..3 {
        client.open().await;
    }
    assert_eq!((handle.state(), client.calls()), (State::ForcedClosed, 15));
    handle.unforce();
    client.open().await;
    assert_eq!(handle.state(), State::Open);
    handle.reset();
    assert_eq!((handle.state(), handle.snapshot().counts.total()), (State::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn the_check_is_degraded_while_open_or_half_open_and_never_fails() {
    let (client, handle) = billing();
    assert_eq!(handle.check_state().to_string(), "pass: billing is closed");
    client.open().await;
    let check = handle.check_state().to_string();
    assert!(
        check.starts_with("degraded: billing is open for 0ns; the next probe is in "),
        "{check}"
    );
    advance(5 * SECOND).await;
    let probe = client.pending(Reply::Hang);
    let check = handle.check_state().to_string();
    assert_eq!(check, "degraded: billing is half-open; 0 of 0 probes have failed");
    drop(probe);
    handle.force_open();
    assert_eq!(handle.check_state().to_string(), "degraded: billing is forced open");
    handle.force_closed();
    assert_eq!(handle.check_state().to_string(), "pass: billing is forced closed");
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_sees_the_last_of_several_states() {
    let (client, handle) = billing();
    let mut states = handle.subscribe();
    assert_eq!(states.state(), State::Closed);
    client.open().await;
    assert_eq!(states.changed().await, State::Open);
    handle.reset();
    client.open().await;
    handle.force_closed();
    assert_eq!(states.changed().await, State::ForcedClosed);
    assert!(poll(&mut Box::pin(states.changed())).is_none());
    let late = handle.subscribe();
    assert_eq!(late.state(), State::ForcedClosed);
}

#[tokio::test(start_paused = true)]
async fn new_settings_apply_at_run_time() {
    let (client, handle) = billing();
    let layer = CircuitBreakerLayer::new("other")
        .open_for(OpenFor::fixed(SECOND))
        .half_open(HalfOpen::new(1, 1));
    handle.settings(&layer);
    client.open().await;
    assert_eq!(handle.snapshot().next_probe, Some(SECOND));
    advance(SECOND).await;
    assert_eq!(client.admitted(5), 1);
    assert_eq!(handle.name(), "billing");
}

async fn query(result: Result<u64, io::ErrorKind>) -> io::Result<u64> {
    result.map_err(io::Error::from)
}

#[tokio::test(start_paused = true)]
async fn a_future_runs_through_the_breaker() {
    let (_, database) = CircuitBreakerLayer::new("database").pair();
    assert_eq!(database.run(query(Ok(7))).await.unwrap(), 7);
    for _ in 0..5 {
        let error = database.run(query(Err(io::ErrorKind::ConnectionReset))).await.unwrap_err();
        assert!(matches!(error, RunError::Failed(_)));
    }
    let polled = async { panic!("an open breaker polls the future") };
    let error = database.run::<u64, io::Error>(polled).await.unwrap_err();
    let RunError::Open(open) = &error else { panic!("{error}") };
    assert_eq!(Rejection::find(&error).unwrap().retry_after(), Some(open.retry_after()));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_is_judged_as_a_call_is() {
    let (_, database) = CircuitBreakerLayer::new("database").pair();
    for wait in [SECOND, 2 * SECOND] {
        let query = database.run(std::future::pending::<io::Result<u64>>());
        tokio::time::timeout(wait, query).await.unwrap_err();
    }
    let counts = database.snapshot().counts;
    assert_eq!((counts.ignored, counts.timeout, counts.total()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_future_is_judged_by_a_closure() {
    let (_, database) = CircuitBreakerLayer::new("database").pair();
    let empty_is_overload = |result: Result<&u64, &io::Error>| match result {
        Ok(0) => Verdict::Failure(Failure::Overload { pushback: None }),
        other => judge_error(other),
    };
    assert_eq!(database.run_judged(empty_is_overload, query(Ok(0))).await.unwrap(), 0);
    assert_eq!(database.snapshot().counts.overload, 1);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_shows_the_openings_and_the_next_probe() {
    let (client, handle) = half_open().await;
    let probe = client.pending(Reply::Hang);
    let seen = handle.snapshot();
    assert_eq!((seen.state, seen.openings), (State::HalfOpen, 1));
    assert_eq!((seen.open_since, seen.next_probe), (Some(5 * SECOND), Some(Duration::ZERO)));
    drop(probe);
}
