//! The limiter by itself: one thread in paused time, many threads, a simulation of overload, and a model.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake},
    time::Duration,
};

use tokio::time::advance;

use super::*;

mod classes;
mod naive;
mod overload;
mod queue;
mod threads;
mod waiters;

const MS: Duration = Duration::from_millis(1);

/// Creates a limiter with a queue of 100 ms.
fn queued(limit: usize, reserves: &[f64], len: usize) -> Arc<Limiter> {
    let config = QueueConfig { len, time: MS * 100 };
    Arc::new(Limiter::new(limit, reserves, Some(config)))
}

/// Acquires a permit that must be free.
fn hold(limiter: &Arc<Limiter>, class: usize) -> Permit {
    limiter.acquire(class).unwrap()
}

/// Adds a request without a deadline, for which there is room.
fn wait(limiter: &Arc<Limiter>, class: usize) -> Waiting {
    limiter.enqueue(class, Instant::now(), None).unwrap()
}

fn poll(waiting: &mut Waiting) -> Poll<Result<Permit, Reason>> {
    waiting.poll(&mut Context::from_waker(Waker::noop()))
}

fn take(waiting: &mut Waiting) -> Permit {
    match poll(waiting) {
        Poll::Ready(Ok(permit)) => permit,
        other => panic!("expected a permit, got {other:?}"),
    }
}

fn refused(waiting: &mut Waiting) -> Reason {
    match poll(waiting) {
        Poll::Ready(Err(reason)) => reason,
        other => panic!("expected an error, got {other:?}"),
    }
}

/// Asserts that the limiter is idle, and that it does not keep its flag.
fn assert_idle(limiter: &Arc<Limiter>) {
    assert_eq!(limiter.word(), limiter.layout.empty(limiter.limit()));
}

/// A waker that counts its calls.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn poll(self: &Arc<Self>, waiting: &mut Waiting) -> Poll<Result<Permit, Reason>> {
        waiting.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }

    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}
