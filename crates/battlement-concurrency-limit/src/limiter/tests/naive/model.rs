use super::*;

/// The queue time in milliseconds.
const TIME: u64 = 100;

/// A limiter that keeps its calls and its waiters in lists, with times in milliseconds.
pub(super) struct Model {
    pub(super) limit: usize,
    /// The reserves in tenths of the limit.
    tenths: Vec<u64>,
    len: usize,
    /// The classes of the calls in flight.
    calls: Vec<usize>,
    /// The waiters in the order of arrival.
    waiters: Vec<Request>,
    granted: Vec<Request>,
    removed: Vec<Request>,
}

#[derive(Clone, Copy)]
struct Request {
    number: usize,
    class: usize,
    since: u64,
    until: u64,
    reason: Reason,
    is_polled: bool,
}

/// Returns the end of a wait that begins now, and its reason.
pub(super) fn end(now: u64, deadline: Option<u64>) -> (u64, Reason) {
    match deadline {
        Some(deadline) if deadline <= TIME => (now + deadline, Reason::Deadline),
        _ => (now + TIME, Reason::QueueTimeout),
    }
}

impl Model {
    pub(super) fn new(limit: usize, tenths: Vec<u64>, len: usize) -> Self {
        let (calls, waiters, granted, removed) = Default::default();
        Self { limit, tenths, len, calls, waiters, granted, removed }
    }

    pub(super) fn acquire(&mut self, class: usize) -> bool {
        let is_first = self.waiters.iter().all(|waiter| waiter.class > class);
        let is_admitted = is_first && self.admits(class);
        if is_admitted {
            self.calls.push(class);
        }
        is_admitted
    }

    pub(super) fn enqueue(
        &mut self,
        number: usize,
        class: usize,
        now: u64,
        deadline: Option<u64>,
    ) -> Result<(), Reason> {
        let (until, reason) = end(now, deadline);
        let request = Request { number, class, since: now, until, reason, is_polled: false };
        if self.acquire(class) {
            self.granted.push(request);
            return Ok(());
        }
        if deadline == Some(0) {
            return Err(Reason::Deadline);
        }
        if self.waiters.len() == self.len {
            let lowest = self.waiters.iter().map(|waiter| waiter.class).max().unwrap();
            if lowest <= class {
                return Err(Reason::QueueFull);
            }
            let last = *self.order(lowest, now).last().unwrap();
            self.removed.push(self.waiters.remove(last));
        }
        self.waiters.push(request);
        Ok(())
    }

    /// Removes the waiters whose time is over, except those behind an older one of their class.
    pub(super) fn expire(&mut self, now: u64) {
        for class in 0..MOST_CLASSES {
            while let Some(oldest) = self.waiters.iter().position(|waiter| waiter.class == class)
                && now >= self.waiters[oldest].until
            {
                self.removed.push(self.waiters.remove(oldest));
            }
        }
    }

    pub(super) fn release(&mut self, class: usize, now: u64) {
        let call = self.calls.iter().position(|call| *call == class).unwrap();
        self.calls.remove(call);
        self.settle(now);
    }

    pub(super) fn leave(&mut self, number: usize, now: u64) {
        let is_other = |request: &Request| request.number != number;
        self.waiters.retain(is_other);
        self.removed.retain(is_other);
        if let Some(granted) = self.take_granted(number) {
            self.release(granted.class, now);
        }
    }

    /// Returns the class of a granted permit, or why the request was removed, or `None` if it waits.
    pub(super) fn poll(&mut self, number: usize, now: u64) -> Option<Result<usize, Reason>> {
        if let Some(waiter) = self.waiters.iter_mut().find(|waiter| waiter.number == number) {
            waiter.is_polled = true;
            return None;
        }
        if let Some(granted) = self.take_granted(number) {
            return Some(Ok(granted.class));
        }
        let removed = self.removed.iter().find(|removed| removed.number == number).unwrap();
        Some(Err(if now >= removed.until { removed.reason } else { Reason::QueueFull }))
    }

    /// Gives the free permits to the waiters that are first.
    pub(super) fn settle(&mut self, now: u64) {
        while let Some(class) = self.waiters.iter().map(|waiter| waiter.class).min() {
            let first = self.order(class, now)[0];
            if now >= self.waiters[first].until {
                self.removed.push(self.waiters.remove(first));
            } else if self.admits(class) {
                self.calls.push(class);
                self.granted.push(self.waiters.remove(first));
            } else {
                return;
            }
        }
    }

    pub(super) fn in_flight(&self, class: usize) -> usize {
        self.calls.iter().filter(|call| **call == class).count()
    }

    pub(super) fn queued(&self, class: usize) -> usize {
        self.waiters.iter().filter(|waiter| waiter.class == class).count()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// Returns whether the request was polled, and then granted a permit or removed.
    pub(super) fn must_wake(&self, number: usize) -> bool {
        let mut ended = self.granted.iter().chain(&self.removed);
        ended.any(|request| request.number == number && request.is_polled)
    }

    fn take_granted(&mut self, number: usize) -> Option<Request> {
        let at = self.granted.iter().position(|granted| granted.number == number)?;
        Some(self.granted.remove(at))
    }

    /// Returns the positions of the waiters of a class in the order in which they get permits.
    fn order(&self, class: usize, now: u64) -> Vec<usize> {
        let waiters = self.waiters.iter().enumerate();
        let mut order: Vec<_> =
            waiters.filter(|(_, waiter)| waiter.class == class).map(|(at, _)| at).collect();
        let oldest = &self.waiters[order[0]];
        if 2 * (now - oldest.since) > oldest.until - oldest.since {
            order.reverse();
        }
        order
    }

    fn admits(&self, class: usize) -> bool {
        (0..=class).all(|class| {
            let calls = self.calls.iter().filter(|call| **call >= class).count() as u64;
            let limit = self.limit as u64;
            let reserve = (self.tenths[..class].iter().sum::<u64>() * limit).div_ceil(10);
            calls < limit.saturating_sub(reserve).max(1)
        })
    }
}
