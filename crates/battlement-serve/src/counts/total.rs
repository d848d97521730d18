use std::task::{Context, Poll, Waker};

use super::sync::{
    AtomicUsize, Mutex,
    Ordering::{AcqRel, Acquire},
    lock,
};

/// The number of connections, which never exceeds the limit, and the accept loops that wait for room.
#[derive(Debug)]
pub(super) struct Total {
    open: AtomicUsize,
    limit: usize,
    /// The wakers of the accept loops that have met the limit.
    waiting: Mutex<Vec<Waker>>,
}

impl Total {
    pub(super) fn new(limit: usize) -> Self {
        Self { open: AtomicUsize::new(0), limit, waiting: Mutex::new(Vec::new()) }
    }

    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.open.load(Acquire)
    }

    /// Counts a connection once there is room.
    pub(super) fn poll_enter(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.enter() {
            return Poll::Ready(());
        }
        self.park(cx.waker());
        // Tried again: a connection that closed before the waker was stored has woken no task.
        if self.enter() { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn leave(&self) {
        if self.open.fetch_sub(1, AcqRel) == self.limit {
            self.wake();
        }
    }

    fn enter(&self) -> bool {
        let next = |open| (open < self.limit).then_some(open + 1);
        self.open.fetch_update(AcqRel, Acquire, next).is_ok()
    }

    #[cold]
    fn park(&self, waker: &Waker) {
        let mut waiting = lock(&self.waiting);
        if !waiting.iter().any(|parked| parked.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    #[cold]
    fn wake(&self) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_waits_is_stored_once_however_often_it_is_polled() {
        let total = Total::new(1);
        let mut context = Context::from_waker(Waker::noop());
        assert!(total.poll_enter(&mut context).is_ready());
        for _ in 0..100 {
            assert!(total.poll_enter(&mut context).is_pending());
        }
        assert_eq!(lock(&total.waiting).len(), 1);
        total.leave();
        assert!(lock(&total.waiting).is_empty());
        assert!(total.poll_enter(&mut context).is_ready());
    }
}
