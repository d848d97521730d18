use std::{task::Waker, time::Duration};

use tokio::time::Instant;

use super::{
    list::List,
    slab::{Key, Slab},
    wait_estimate::WaitEstimate,
    wait_time::WaitTime,
    wakers::Wakers,
    word::MOST_CLASSES,
};
use crate::Reason;

/// The bounds of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QueueConfig {
    /// The highest number of waiting requests.
    pub(crate) len: usize,
    /// The longest wait.
    pub(crate) time: Duration,
}

/// The requests that wait for a permit: highest class first, and within a class the oldest first.
///
/// While the oldest waiter of a class has waited for more than half its time, the newest is first: under lasting
/// overload a queue in order of arrival would serve only requests whose callers give up.
///
/// The queue keeps no count of permits, reads no clock and calls no waker: these are the work of the limiter.
pub(super) struct Queue {
    config: QueueConfig,
    slab: Slab,
    classes: [List; MOST_CLASSES],
    estimate: WaitEstimate,
}

/// The place of a request at the time of a poll or a drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The request waits.
    Waiting,
    /// The request has a permit that it has not taken.
    Granted,
    /// The request was removed: another one took its place, or its time was over.
    Removed,
}

impl Queue {
    pub(super) fn new(config: QueueConfig) -> Self {
        Self {
            config,
            slab: Slab::default(),
            classes: [List::default(); MOST_CLASSES],
            estimate: WaitEstimate::default(),
        }
    }

    /// Returns the time that a request may wait which arrives now.
    pub(super) fn wait_time(&self, now: Instant, deadline: Option<Instant>) -> WaitTime {
        WaitTime { since: now, end: now + self.config.time, deadline }
    }

    /// Removes the oldest waiters of each class whose time is over, as long as there is room for their wakers.
    ///
    /// The timer of a waiter does not remove it before its future is polled. A waiter whose deadline passes before its
    /// queue time stays behind an older one: to find it would need a search of the queue on each arrival.
    pub(super) fn expire(&mut self, now: Instant, wakers: &mut Wakers) {
        for class in 0..MOST_CLASSES {
            while !wakers.is_full()
                && let Some(slot) = self.classes[class].oldest()
                && self.slab[slot].wait.is_over(now)
            {
                wakers.push(self.remove(slot));
            }
        }
    }

    /// Adds a request, unless it would wait beyond its deadline, or the queue is full with requests of its class and
    /// higher ones. Adds the waker of a waiter that is removed to make room.
    pub(super) fn add(
        &mut self,
        class: usize,
        now: Instant,
        wait: WaitTime,
        wakers: &mut Wakers,
    ) -> Result<Key, Reason> {
        let rest = wait.deadline.map(|deadline| deadline.saturating_duration_since(now));
        if rest.is_some_and(|rest| self.expected(class, now) >= rest) {
            return Err(Reason::Deadline);
        }
        if self.len() >= self.config.len {
            wakers.push(self.evict(class, now)?);
        }
        if self.is_empty() {
            self.estimate.begin(now);
        }
        let (slot, key) = self.slab.insert(class, wait);
        self.classes[class].push(&mut self.slab, slot);
        Ok(key)
    }

    /// Returns the highest class with a waiter.
    pub(super) fn highest(&self) -> Option<usize> {
        self.classes.iter().position(|list| list.len() > 0)
    }

    /// Returns the slot of the waiter of this class that is first, and whether its time is over.
    pub(super) fn first(&self, class: usize, now: Instant) -> Option<(usize, bool)> {
        let list = &self.classes[class];
        let slot = if self.is_newest_first(class, now) { list.newest() } else { list.oldest() };
        slot.map(|slot| (slot, self.slab[slot].wait.is_over(now)))
    }

    /// Gives a permit to a waiter, and returns its waker. The waiter keeps its slot until it takes the permit.
    pub(super) fn grant(&mut self, slot: usize, now: Instant) -> Option<Waker> {
        self.estimate.granted(now);
        self.unlink(slot);
        let waiter = &mut self.slab[slot];
        waiter.is_granted = true;
        waiter.waker.take()
    }

    /// Removes a waiter without a permit, and returns its waker.
    pub(super) fn remove(&mut self, slot: usize) -> Option<Waker> {
        self.unlink(slot);
        self.slab.remove(slot)
    }

    /// Returns the place of a request, and a waker to drop. The request is woken when its place changes; a granted
    /// permit is taken.
    pub(super) fn poll(&mut self, key: Key, waker: Waker) -> (Place, Option<Waker>) {
        let place = self.place(key);
        match (place, self.slab.find(key)) {
            (Place::Waiting, Some(slot)) => (place, self.slab[slot].waker.replace(waker)),
            (_, Some(slot)) => {
                self.slab.remove(slot);
                (place, Some(waker))
            }
            (_, None) => (place, Some(waker)),
        }
    }

    /// Removes a request that no longer waits. Returns its last place, and a waker to drop.
    pub(super) fn leave(&mut self, key: Key) -> (Place, Option<Waker>) {
        let place = self.place(key);
        let waker = self.slab.find(key).and_then(|slot| match place {
            Place::Waiting => self.remove(slot),
            _ => self.slab.remove(slot),
        });
        (place, waker)
    }

    /// Returns whether a request of this class would overtake a waiter of its class or a higher one.
    pub(super) fn holds_back(&self, class: usize) -> bool {
        self.highest().is_some_and(|highest| highest <= class)
    }

    /// Returns the number of waiters of a class.
    pub(super) fn waiting(&self, class: usize) -> usize {
        self.classes[class].len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cfg(all(test, not(battlement_loom)))]
    pub(super) fn slots(&self) -> usize {
        self.slab.slots()
    }

    fn len(&self) -> usize {
        self.classes.iter().map(List::len).sum()
    }

    fn place(&self, key: Key) -> Place {
        match self.slab.find(key) {
            Some(slot) if self.slab[slot].is_granted => Place::Granted,
            Some(_) => Place::Waiting,
            None => Place::Removed,
        }
    }

    /// Returns the time until a new request of this class would get its permit.
    fn expected(&self, class: usize, now: Instant) -> Duration {
        if self.is_empty() {
            return Duration::ZERO;
        }
        let higher: usize = self.classes[..class].iter().map(List::len).sum();
        let own = if self.is_newest_first(class, now) { 0 } else { self.classes[class].len() };
        self.estimate.expected(higher + own, now)
    }

    /// Removes the waiter that would be the last of all, if its class is lower than `class`.
    fn evict(&mut self, class: usize, now: Instant) -> Result<Option<Waker>, Reason> {
        let lower = self.classes.iter().enumerate().skip(class + 1).rev();
        let lowest = lower.map(|(lower, _)| lower).find(|lower| self.classes[*lower].len() > 0);
        match lowest.and_then(|lowest| self.last(lowest, now)) {
            Some(slot) => Ok(self.remove(slot)),
            None => Err(Reason::QueueFull),
        }
    }

    fn last(&self, class: usize, now: Instant) -> Option<usize> {
        let list = &self.classes[class];
        if self.is_newest_first(class, now) { list.oldest() } else { list.newest() }
    }

    fn is_newest_first(&self, class: usize, now: Instant) -> bool {
        let oldest = self.classes[class].oldest();
        oldest.is_some_and(|slot| self.slab[slot].wait.is_half_over(now))
    }

    fn unlink(&mut self, slot: usize) {
        let class = self.slab[slot].class;
        self.classes[class].remove(&mut self.slab, slot);
    }
}
