//! The count of calls in flight, and the queue of those that wait.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::Instant;

use crate::Reason;

/// The bounds of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueConfig {
    pub(crate) len: usize,
    pub(crate) time: Duration,
}

/// The limit of a layer, the calls in flight and those that wait.
pub(crate) struct Limiter {
    state: Mutex<State>,
    reserves: Box<[f64]>,
    queue: Option<QueueConfig>,
}

#[derive(Default)]
struct State {
    limit: usize,
    in_flight: Vec<usize>,
    waiters: VecDeque<Waiter>,
    granted: HashMap<u64, usize>,
    evicted: HashSet<u64>,
    next: u64,
}

struct Waiter {
    id: u64,
    class: usize,
    waker: Option<Waker>,
}

impl Limiter {
    /// Creates a limit with the reserves of the classes, the highest first.
    pub(crate) fn new(limit: usize, reserves: &[f64], queue: Option<QueueConfig>) -> Self {
        let in_flight = vec![0; reserves.len()];
        let state = State { limit, in_flight, ..State::default() };
        Self { state: Mutex::new(state), reserves: reserves.into(), queue }
    }

    /// Returns the highest limit that can be counted with this number of classes.
    pub(crate) const fn most(classes: usize) -> usize {
        (1 << (63 / (classes + 1))) - 1
    }

    /// Admits a call of `class`, if there is room and no call waits before it.
    pub(crate) fn acquire(self: &Arc<Self>, class: usize) -> Option<Permit> {
        let mut state = self.state();
        let waits_behind = state.waiters.iter().any(|waiter| waiter.class <= class);
        if waits_behind || !self.has_room(&state, class) {
            return None;
        }
        state.in_flight[class] += 1;
        Some(Permit { limiter: Arc::clone(self), class })
    }

    /// Puts a call into the queue.
    pub(crate) fn enqueue(
        self: &Arc<Self>,
        class: usize,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Result<Waiting, Reason> {
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Err(Reason::Deadline);
        }
        let queue = self.queue.ok_or(Reason::Full)?;
        let mut state = self.state();
        let evicted =
            if state.waiters.len() >= queue.len { Some(state.evict(class)?) } else { None };
        let id = state.next;
        state.next += 1;
        state.waiters.push_back(Waiter { id, class, waker: None });
        let mut wakers = self.grant(&mut state);
        drop(state);
        wakers.extend(evicted.flatten());
        wakers.into_iter().for_each(Waker::wake);
        let end = now + queue.time;
        let (until, reason) = match deadline {
            Some(deadline) if deadline < end => (deadline, Reason::Deadline),
            _ => (end, Reason::QueueTimeout),
        };
        Ok(Waiting { limiter: Arc::clone(self), id, until, reason })
    }

    /// Sets the limit, and returns the former one.
    pub(crate) fn set_limit(&self, limit: usize) -> usize {
        let mut state = self.state();
        let before = std::mem::replace(&mut state.limit, limit);
        let wakers = self.grant(&mut state);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        before
    }

    pub(crate) fn limit(&self) -> usize {
        self.state().limit
    }

    pub(crate) fn in_flight(&self, class: usize) -> usize {
        self.state().in_flight[class]
    }

    pub(crate) fn total(&self) -> usize {
        self.state().in_flight.iter().sum()
    }

    pub(crate) fn queued(&self, class: usize) -> usize {
        self.state().waiters.iter().filter(|waiter| waiter.class == class).count()
    }

    pub(crate) const fn has_queue(&self) -> bool {
        self.queue.is_some()
    }

    fn has_room(&self, state: &State, class: usize) -> bool {
        (0..=class).all(|upper| {
            let reserved: usize =
                self.reserves[..upper].iter().map(|share| reserved(*share, state.limit)).sum();
            let least = usize::from(state.limit > 0);
            let room = state.limit.saturating_sub(reserved).max(least);
            state.in_flight[upper..].iter().sum::<usize>() < room
        }) && state.in_flight.iter().sum::<usize>() < state.limit
    }

    /// Gives free permits to the calls that wait, the highest class first.
    fn grant(&self, state: &mut State) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for class in 0..state.in_flight.len() {
            while self.has_room(state, class)
                && let Some(at) = state.waiters.iter().position(|waiter| waiter.class == class)
            {
                state.in_flight[class] += 1;
                if let Some(waiter) = state.waiters.remove(at) {
                    state.granted.insert(waiter.id, class);
                    wakers.extend(waiter.waker);
                }
            }
        }
        wakers
    }

    fn release(&self, class: usize) {
        let mut state = self.state();
        state.in_flight[class] -= 1;
        let wakers = self.grant(&mut state);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a share of a limit is not negative and within the limit"
)]
fn reserved(share: f64, limit: usize) -> usize {
    (share * limit as f64).ceil() as usize
}

impl State {
    /// Removes the last call of the lowest class that waits, if that is lower than `class`, and returns its waker.
    fn evict(&mut self, class: usize) -> Result<Option<Waker>, Reason> {
        let lowest = self.waiters.iter().map(|waiter| waiter.class).max();
        let lowest = lowest.filter(|lowest| *lowest > class).ok_or(Reason::QueueFull)?;
        let last = self.waiters.iter().rposition(|waiter| waiter.class == lowest);
        let waiter = last.and_then(|last| self.waiters.remove(last)).ok_or(Reason::QueueFull)?;
        self.evicted.insert(waiter.id);
        Ok(waiter.waker)
    }
}

/// The right of one call to be in flight. Dropping it gives it back, or hands it to the next call that waits.
pub(crate) struct Permit {
    limiter: Arc<Limiter>,
    class: usize,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.release(self.class);
    }
}

/// A call in the queue. Dropping it leaves the queue; a permit that was granted goes to the next call.
pub(crate) struct Waiting {
    limiter: Arc<Limiter>,
    id: u64,
    until: Instant,
    reason: Reason,
}

impl Waiting {
    /// Returns the end of the wait: that of the time in the queue, or the deadline if that is earlier.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// Returns the reason for which the wait ends then.
    pub(crate) const fn ends_with(&self) -> Reason {
        self.reason
    }

    /// Waits for the permit, or for a higher class that takes the place of the call.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Permit, Reason>> {
        let mut state = self.limiter.state();
        if let Some(class) = state.granted.remove(&self.id) {
            return Poll::Ready(Ok(Permit { limiter: Arc::clone(&self.limiter), class }));
        }
        if state.evicted.remove(&self.id) {
            return Poll::Ready(Err(Reason::QueueFull));
        }
        if let Some(waiter) = state.waiters.iter_mut().find(|waiter| waiter.id == self.id) {
            waiter.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.limiter.state();
        state.evicted.remove(&self.id);
        state.waiters.retain(|waiter| waiter.id != self.id);
        let granted = state.granted.remove(&self.id);
        drop(state);
        if let Some(class) = granted {
            self.limiter.release(class);
        }
    }
}
