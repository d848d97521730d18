use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;

use super::{Limiter, Limits, Permit, queue::Place, slab::Key, wait_time::WaitTime};
use crate::Reason;

/// A request that waits for a permit.
///
/// Dropping it removes the request from the queue at once. If it was granted a permit that it has not taken, the permit
/// goes to the next waiter.
pub(crate) struct Waiting<L: Limits = Limiter> {
    owner: Arc<L>,
    class: usize,
    wait: WaitTime,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// A permit was free on arrival.
    Granted,
    Queued(Key),
    /// The permit was taken, or the request was removed.
    Done,
}

impl<L: Limits> Waiting<L> {
    /// Creates a request with its key in the queue; without one, its permit was free on arrival, and the word already
    /// counts it.
    pub(super) fn new(owner: Arc<L>, class: usize, wait: WaitTime, key: Option<Key>) -> Self {
        Self { owner, class, wait, state: key.map_or(State::Granted, State::Queued) }
    }

    /// Returns the permit once it is granted, or an error if the request was removed from the queue.
    ///
    /// The caller ends the wait at [`until`](Self::until), by dropping this value.
    ///
    /// # Panics
    ///
    /// If it has been ready before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Permit<L>, Reason>> {
        let place = match self.state {
            State::Granted => Place::Granted,
            State::Queued(key) => self.owner.limiter().poll(key, cx.waker()),
            State::Done => panic!("`Waiting` was polled after it was ready"),
        };
        if place == Place::Waiting {
            return Poll::Pending;
        }
        self.state = State::Done;
        Poll::Ready(match place {
            Place::Granted => Ok(self.permit()),
            _ => Err(self.removed()),
        })
    }

    /// Returns the value that contains the limiter.
    pub(crate) const fn owner(&self) -> &Arc<L> {
        &self.owner
    }

    /// Returns the time at which the wait ends: the earlier of the queue time and the deadline on arrival.
    pub(crate) fn until(&self) -> Instant {
        self.wait.until()
    }

    /// Returns the reason of a request that has waited until then.
    pub(crate) fn ends_with(&self) -> Reason {
        self.wait.reason()
    }

    /// Returns the permit, which the word already counts.
    fn permit(&self) -> Permit<L> {
        let call = self.owner.limiter().call(self.class);
        Permit::new(Arc::clone(&self.owner), call)
    }

    /// Returns why the request was removed: its time was over, or a request of a higher class took its place.
    fn removed(&self) -> Reason {
        if self.wait.is_over(Instant::now()) { self.wait.reason() } else { Reason::QueueFull }
    }
}

impl<L: Limits> Drop for Waiting<L> {
    fn drop(&mut self) {
        match self.state {
            State::Granted => drop(self.permit()),
            State::Queued(key) => self.owner.limiter().leave(key, self.class),
            State::Done => {}
        }
    }
}

impl<L: Limits> fmt::Debug for Waiting<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("until", &self.wait.until()).finish_non_exhaustive()
    }
}
