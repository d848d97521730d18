use std::{
    fmt,
    sync::atomic::Ordering::{AcqRel, Acquire},
    task::Waker,
};

use tokio::time::Instant;

mod limits;
mod list;
#[cfg(all(test, battlement_loom))]
mod model;
mod permit;
mod queue;
mod slab;
mod sync;
#[cfg(all(test, not(battlement_loom)))]
mod tests;
mod wait_estimate;
mod wait_time;
mod waiting;
mod wakers;
mod word;

pub(crate) use self::{
    limits::Limits, permit::Permit, queue::QueueConfig, waiting::Waiting, word::MOST_CLASSES,
};
use self::{
    queue::{Place, Queue},
    slab::Key,
    sync::{AtomicU64, Mutex, lock},
    wait_time::WaitTime,
    wakers::Wakers,
    word::{Layout, WAITING},
};
use crate::Reason;

/// A limit on the calls in flight, in classes.
///
/// The limit, the calls in flight of each class and a flag that requests wait are one word. A call is admitted by one
/// compare-and-swap of that word, so the limit is exact under any number of threads.
///
/// A queue has a lock. As long as no request waits, admission and release do not take it. Once one waits, the flag sends
/// every release through the lock, where it hands its permit to the first waiter, and every arrival that would be
/// admitted, so that it does not overtake. The flag changes under the lock only.
pub(crate) struct Limiter {
    word: AtomicU64,
    layout: Layout,
    queue: Option<Mutex<Queue>>,
}

impl Limiter {
    /// Creates a limiter with the reserve of each class as a share of the limit, from the highest class on.
    ///
    /// The limit is at least 1 and at most [`most`](Self::most).
    pub(crate) fn new(limit: usize, reserves: &[f64], queue: Option<QueueConfig>) -> Self {
        let layout = Layout::new(reserves);
        Self {
            word: AtomicU64::new(layout.empty(limit)),
            layout,
            queue: queue.map(|config| Mutex::new(Queue::new(config))),
        }
    }

    /// Returns the highest limit with so many classes.
    pub(crate) const fn most(classes: usize) -> usize {
        word::most(classes) as usize
    }

    /// Adds a request to the queue, which `own` then owns: with its key, or without one if a permit was free.
    fn add<W>(
        &self,
        class: usize,
        now: Instant,
        deadline: Option<Instant>,
        own: impl FnOnce(usize, WaitTime, Option<Key>) -> W,
    ) -> Result<W, Reason> {
        let queue = self.queue.as_ref().ok_or(Reason::Full)?;
        let class = self.layout.class(class);
        let (mut queue, mut wakers) = (lock(queue), Wakers::default());
        queue.expire(now, &mut wakers);
        let wait = queue.wait_time(now, deadline);
        // A permit that is returned from here on goes through the lock, and one returned before is seen below.
        self.word.fetch_or(WAITING, AcqRel);
        let is_granted = !queue.holds_back(class) && self.take(class);
        let added =
            if is_granted { Ok(None) } else { queue.add(class, now, wait, &mut wakers).map(Some) };
        self.clear_unless_waiting(&queue);
        drop(queue);
        // Owned before a waker runs, so that a waker that panics does not leave the request in the queue.
        let waiting = added.map(|key| own(class, wait, key));
        wakers.wake();
        waiting
    }

    /// Sets the limit, and returns the one before. Waiters get the permits that it adds.
    ///
    /// Calls in flight beyond a lower limit are not ended; none begins until enough of them have.
    pub(crate) fn set_limit(&self, limit: usize) -> usize {
        let change = |word| Some(self.layout.with_limit(word, limit));
        // The change never refuses.
        let before = self.word.fetch_update(AcqRel, Acquire, change).unwrap_or_else(|word| word);
        if before & WAITING != 0 {
            self.hand_over();
        }
        self.layout.limit(before) as usize
    }

    pub(crate) const fn has_queue(&self) -> bool {
        self.queue.is_some()
    }

    pub(crate) fn limit(&self) -> usize {
        self.layout.limit(self.word()) as usize
    }

    /// Returns the number of calls in flight of all classes.
    #[inline]
    pub(crate) fn total(&self) -> usize {
        self.layout.total(self.word()) as usize
    }

    /// Returns the limit, and the number of calls in flight of each class, at one moment. Entries beyond the last class
    /// repeat that class.
    pub(crate) fn usage(&self) -> (usize, [usize; MOST_CLASSES]) {
        let word = self.word();
        let in_flight = |class| self.layout.in_flight(word, self.layout.class(class)) as usize;
        (self.layout.limit(word) as usize, std::array::from_fn(in_flight))
    }

    /// Returns the number of calls in flight of a class.
    #[cfg(all(test, not(battlement_loom)))]
    pub(crate) fn in_flight(&self, class: usize) -> usize {
        self.layout.in_flight(self.word(), self.layout.class(class)) as usize
    }

    /// Returns the number of waiting requests of a class.
    pub(crate) fn queued(&self, class: usize) -> usize {
        let class = self.layout.class(class);
        self.queue.as_ref().map_or(0, |queue| lock(queue).waiting(class))
    }

    /// Counts a call, if it is admitted and overtakes no waiter, and returns its value in the word.
    #[inline(always)]
    fn enter(&self, class: usize) -> Option<u64> {
        let class = self.layout.class(class);
        let call = self.layout.call(class);
        let mut word = self.word();
        while self.layout.admits(word, class) {
            if word & WAITING != 0 {
                return self.overtake(class).then_some(call);
            }
            match self.word.compare_exchange_weak(word, word + call, AcqRel, Acquire) {
                Ok(_) => return Some(call),
                Err(other) => word = other,
            }
        }
        None
    }

    /// Counts a call while requests wait: requests of lower classes, or one whose permit is about to be handed over.
    #[cold]
    fn overtake(&self, class: usize) -> bool {
        self.queue.as_ref().is_some_and(|queue| {
            let queue = lock(queue);
            !queue.holds_back(class) && self.take(class)
        })
    }

    /// Counts a call if it is admitted, whether or not requests wait.
    fn take(&self, class: usize) -> bool {
        let next = |word| self.layout.admits(word, class).then(|| word + self.layout.call(class));
        self.word.fetch_update(AcqRel, Acquire, next).is_ok()
    }

    /// Returns the value in the word of a call of a class.
    const fn call(&self, class: usize) -> u64 {
        self.layout.call(class)
    }

    /// Takes back the permit of a call with this value in the word.
    #[inline]
    fn release(&self, call: u64) {
        let before = self.word.fetch_sub(call, AcqRel);
        if before & WAITING != 0 {
            self.hand_over();
        }
    }

    /// Gives the free permits to waiters.
    #[cold]
    fn hand_over(&self) {
        let Some(queue) = &self.queue else { return };
        let (now, mut wakers) = (Instant::now(), Wakers::default());
        loop {
            let is_done = self.grant(&mut lock(queue), now, &mut wakers);
            wakers.wake();
            if is_done {
                return;
            }
        }
    }

    /// Gives free permits to waiters, and returns whether there is nothing left to give: no permit, or no waiter.
    fn grant(&self, queue: &mut Queue, now: Instant, wakers: &mut Wakers) -> bool {
        while let Some(class) = queue.highest()
            && let Some((first, is_over)) = queue.first(class, now)
        {
            if wakers.is_full() {
                return false;
            }
            if is_over {
                wakers.push(queue.remove(first));
            } else if self.take(class) {
                wakers.push(queue.grant(first, now));
            } else {
                // Where the highest class is not admitted, no lower class is.
                return true;
            }
        }
        self.clear_unless_waiting(queue);
        true
    }

    /// Returns the place of a request, which is woken when it changes.
    fn poll(&self, key: Key, waker: &Waker) -> Place {
        let Some(queue) = &self.queue else { return Place::Removed };
        let waker = waker.clone();
        let (place, unused) = lock(queue).poll(key, waker);
        // Dropped after the lock, because it may drop a task.
        drop(unused);
        place
    }

    /// Removes a request from the queue, and gives a permit that it did not take to the next one.
    fn leave(&self, key: Key, class: usize) {
        let Some(queue) = &self.queue else { return };
        let (place, unused) = {
            let mut queue = lock(queue);
            let left = queue.leave(key);
            self.clear_unless_waiting(&queue);
            left
        };
        drop(unused);
        if place == Place::Granted {
            self.release(self.call(class));
        }
    }

    /// Clears the flag if the queue is empty.
    fn clear_unless_waiting(&self, queue: &Queue) {
        if queue.is_empty() {
            self.word.fetch_and(!WAITING, AcqRel);
        }
    }

    #[inline]
    fn word(&self) -> u64 {
        self.word.load(Acquire)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (limit, in_flight) = (self.limit(), self.total());
        f.debug_struct("Limiter")
            .field("limit", &limit)
            .field("in_flight", &in_flight)
            .finish_non_exhaustive()
    }
}
