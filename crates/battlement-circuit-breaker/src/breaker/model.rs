//! Models of every interleaving of two threads at one breaker.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use battlement_core::{Failure, Verdict};
use loom::thread;
use tokio::time::Instant;

use super::Breaker;
use crate::{HalfOpen, OpenFor, Rate, State, Trip, config::Config, shared::Shared, ticket::Ticket};

const FAILED: Verdict = Verdict::Failure(Failure::Server);
const OPEN_FOR: Duration = Duration::from_secs(5);

/// Returns a breaker that opens after `failures` in a row, with a trial of one probe.
fn breaker(failures: u32) -> (Arc<Breaker>, Instant) {
    with(Trip::consecutive(failures))
}

fn with(trip: Trip) -> (Arc<Breaker>, Instant) {
    let config = Config {
        trip,
        open_for: OpenFor::fixed(OPEN_FOR),
        half_open: Some(HalfOpen::new(1, 1)),
        ..Config::default()
    };
    (Breaker::new(Shared::new(config), None), Instant::now())
}

fn fail(breaker: &Arc<Breaker>, now: Instant) {
    end(breaker, now, FAILED);
}

fn end(breaker: &Arc<Breaker>, now: Instant, verdict: Verdict) {
    if let Ok(ticket) = breaker.admit(now) {
        ticket.settle(verdict, now);
    }
}

/// Opens a breaker, and returns it with the end of its open time.
fn opened() -> (Arc<Breaker>, Instant) {
    let (breaker, now) = breaker(1);
    fail(&breaker, now);
    (breaker, now + OPEN_FOR)
}

/// Runs `other` in a second thread and `one` in the first, and returns both results.
fn both<T: 'static>(
    breaker: &Arc<Breaker>,
    one: impl FnOnce(&Arc<Breaker>) -> T,
    other: impl FnOnce(&Arc<Breaker>) -> T + 'static,
) -> (T, T) {
    let theirs = Arc::clone(breaker);
    let thread = thread::spawn(move || other(&theirs));
    let one = one(breaker);
    (one, thread.join().unwrap())
}

#[test]
fn two_failures_of_two_threads_open_the_breaker_once() {
    loom::model(|| {
        let (breaker, now) = breaker(2);
        both(&breaker, |breaker| fail(breaker, now), move |breaker| fail(breaker, now));
        let seen = breaker.snapshot(now);
        assert_eq!((seen.state, seen.openings), (State::Open, 1));
        assert_eq!(seen.cause.map(|counts| counts.server), Some(2));
    });
}

#[test]
fn two_failures_of_different_classes_open_the_breaker_by_their_rate() {
    loom::model(|| {
        let rate = Rate::at_least(1.0).minimum(2);
        let (breaker, now) = with(Trip::failure_rate(rate));
        let late = Verdict::Failure(Failure::Timeout);
        both(&breaker, |breaker| fail(breaker, now), move |breaker| end(breaker, now, late));
        assert_eq!(breaker.snapshot(now).state, State::Open);
    });
}

#[test]
fn one_of_two_calls_at_the_end_of_the_open_time_is_the_probe() {
    loom::model(|| {
        let (breaker, later) = opened();
        let admit = move |breaker: &Arc<Breaker>| breaker.admit(later).ok();
        let (one, other) = both(&breaker, admit, admit);
        assert!(one.is_some() != other.is_some());
        drop((one, other));
        assert!(breaker.admit(later).is_ok(), "the slot is given back");
    });
}

#[test]
fn a_probe_that_is_given_back_while_another_call_asks_is_not_lost() {
    loom::model(|| {
        let (breaker, later) = opened();
        let probe = breaker.admit(later).unwrap();
        let (_, other) = both(
            &breaker,
            |_| {
                drop(probe);
                None
            },
            move |breaker| breaker.admit(later).ok(),
        );
        drop(other);
        assert!(breaker.admit(later).is_ok());
    });
}

#[test]
fn a_stale_failure_does_not_open_a_breaker_that_closes_meanwhile() {
    loom::model(|| {
        let (breaker, now) = breaker(1);
        let stale = breaker.admit(now).unwrap();
        fail(&breaker, now);
        let later = now + OPEN_FOR;
        let probe = breaker.admit(later).unwrap();
        let settle =
            |ticket: Ticket, verdict| move |_: &Arc<Breaker>| ticket.settle(verdict, later);
        both(&breaker, settle(probe, Verdict::Success), settle(stale, FAILED));
        let seen = breaker.snapshot(later);
        assert_eq!((seen.state, seen.openings, seen.counts.failures()), (State::Closed, 1, 0));
    });
}

#[test]
fn a_result_that_races_with_a_reset_is_counted_once_or_not_at_all() {
    loom::model(|| {
        let (breaker, now) = breaker(2);
        let ticket = breaker.admit(now).unwrap();
        both(&breaker, |breaker| breaker.reset(now), move |_| ticket.settle(FAILED, now));
        assert_eq!(breaker.snapshot(now).counts.failures(), 0);
        fail(&breaker, now);
        assert_eq!(breaker.snapshot(now).state, State::Closed);
    });
}
