//! Models of every interleaving of two threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{future::poll_fn, sync::Arc, time::Duration};

use loom::{future::block_on, thread};
use tokio::time::Instant;

use super::{Limiter, Limits as _, Permit, QueueConfig, Waiting};

fn limiter(limit: usize, classes: usize) -> Arc<Limiter> {
    let config = QueueConfig { len: 4, time: Duration::from_secs(3_600) };
    Arc::new(Limiter::new(limit, &[0.0; 2][..classes], Some(config)))
}

/// Runs `other` in a second thread and `one` in the first, and returns both results.
fn both<T: 'static>(
    limiter: &Arc<Limiter>,
    one: impl FnOnce(&Arc<Limiter>) -> T,
    other: impl FnOnce(&Arc<Limiter>) -> T + 'static,
) -> (T, T) {
    let theirs = Arc::clone(limiter);
    let thread = thread::spawn(move || other(&theirs));
    let one = one(limiter);
    (one, thread.join().unwrap())
}

fn wait(limiter: &Arc<Limiter>, class: usize) -> Waiting {
    limiter.enqueue(class, Instant::now(), None).unwrap()
}

/// Waits until the permit is granted. A waiter that is not woken fails the model.
fn granted(mut waiting: Waiting) -> Permit {
    block_on(poll_fn(|cx| waiting.poll(cx))).unwrap()
}

/// Acquires a permit, or waits for one.
fn admitted(limiter: &Arc<Limiter>, class: usize) -> Permit {
    limiter.acquire(class).unwrap_or_else(|| granted(wait(limiter, class)))
}

/// Asserts that every permit is back, and that no flag is left.
fn assert_idle(limiter: &Arc<Limiter>) {
    assert_eq!(limiter.word(), limiter.layout.empty(limiter.limit()));
}

#[test]
fn one_of_two_threads_gets_the_last_permit() {
    loom::model(|| {
        let limiter = limiter(2, 2);
        let _held = limiter.acquire(1).unwrap();
        let (one, other) =
            both(&limiter, |limiter| limiter.acquire(0), |limiter| limiter.acquire(1));
        assert!(one.is_some() != other.is_some());
    });
}

#[test]
fn a_permit_that_returns_is_not_lost_to_a_change_of_the_limit() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let (_, other) = both(
            &limiter,
            |limiter| {
                limiter.set_limit(2);
                None
            },
            |limiter| {
                drop(permit);
                limiter.acquire(0)
            },
        );
        assert!(other.is_some());
        assert_eq!((limiter.limit(), limiter.total()), (2, 1));
        drop(other);
        assert_idle(&limiter);
    });
}

#[test]
fn two_threads_that_wait_for_each_other_both_get_the_permit() {
    loom::model(|| {
        let limiter = limiter(1, 2);
        let call = |class| move |limiter: &Arc<Limiter>| drop(admitted(limiter, class));
        both(&limiter, call(0), call(1));
        assert_idle(&limiter);
    });
}

#[test]
fn a_permit_that_returns_while_a_request_enters_the_queue_is_granted_to_it() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        both(&limiter, |limiter| drop(granted(wait(limiter, 0))), |_| drop(permit));
        assert_idle(&limiter);
    });
}

#[test]
fn a_raised_limit_is_granted_to_a_request_that_enters_the_queue() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let raise = |limiter: &Arc<Limiter>| {
            limiter.set_limit(2);
        };
        both(&limiter, |limiter| drop(granted(wait(limiter, 0))), raise);
        drop(permit);
        assert_idle(&limiter);
    });
}

#[test]
fn a_waiter_that_is_dropped_during_the_hand_over_passes_the_permit_on() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let [first, second] = [wait(&limiter, 0), wait(&limiter, 0)];
        both(&limiter, |_| drop(first), |_| drop(permit));
        drop(granted(second));
        assert_idle(&limiter);
    });
}

#[test]
fn a_waiter_is_woken_by_the_drop_of_the_one_that_was_granted_the_permit() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let [first, second] = [wait(&limiter, 0), wait(&limiter, 0)];
        drop(permit);
        both(&limiter, |_| drop(granted(second)), |_| drop(first));
        assert_idle(&limiter);
    });
}

#[test]
fn the_last_waiter_leaves_no_flag_that_keeps_a_permit_from_the_next_call() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let waiting = wait(&limiter, 0);
        both(&limiter, |_| drop(waiting), |_| drop(permit));
        drop(limiter.acquire(0).unwrap());
        assert_idle(&limiter);
    });
}

#[test]
fn an_arrival_does_not_take_the_permit_that_is_on_its_way_to_a_waiter() {
    loom::model(|| {
        let limiter = limiter(1, 1);
        let permit = limiter.acquire(0).unwrap();
        let waiting = wait(&limiter, 0);
        let (_, acquired) = both(
            &limiter,
            |_| {
                drop(permit);
                None
            },
            |limiter| limiter.acquire(0),
        );
        assert!(acquired.is_none());
        drop(granted(waiting));
        assert_idle(&limiter);
    });
}

#[test]
fn an_evicted_waiter_neither_keeps_nor_loses_a_permit() {
    loom::model(|| {
        let config = QueueConfig { len: 1, time: Duration::from_secs(3_600) };
        let limiter = Arc::new(Limiter::new(1, &[0.0, 0.0], Some(config)));
        let permit = limiter.acquire(0).unwrap();
        let mut low = wait(&limiter, 1);
        both(
            &limiter,
            |_| drop(block_on(poll_fn(|cx| low.poll(cx)))),
            move |limiter| {
                let high = wait(limiter, 0);
                drop(permit);
                drop(granted(high));
            },
        );
        assert_idle(&limiter);
    });
}
