use std::task::{Context, Poll, Waker};

use super::sync::{AtomicUsize, Mutex, Ordering::AcqRel, Ordering::Acquire, lock};

/// The number of pieces of work in flight, and the task that waits until there are none.
///
/// Work that begins and ends costs one atomic operation each. One task waits at a time.
#[derive(Debug, Default)]
pub(crate) struct Count {
    /// The number, in steps of [`ONE`], and the mark [`WAITED`].
    word: AtomicUsize,
    waiter: Mutex<Option<Waker>>,
}

const WAITED: usize = 1;
const ONE: usize = 2;

impl Count {
    #[inline]
    pub(crate) fn enter(&self) {
        self.word.fetch_add(ONE, AcqRel);
    }

    #[inline]
    pub(crate) fn leave(&self) {
        if self.word.fetch_sub(ONE, AcqRel) == ONE | WAITED {
            self.wake();
        }
    }

    pub(crate) fn get(&self) -> usize {
        self.word.load(Acquire) / ONE
    }

    /// Waits until nothing is in flight.
    pub(crate) fn poll_idle(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Stored before the mark is set: work that sees the mark finds the waiter.
        *lock(&self.waiter) = Some(cx.waker().clone());
        if self.word.fetch_or(WAITED, AcqRel) < ONE { Poll::Ready(()) } else { Poll::Pending }
    }

    #[cold]
    fn wake(&self) {
        let waiter = lock(&self.waiter).take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::{
        sync::{Arc, atomic::AtomicBool},
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Task(AtomicBool);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    }

    #[test]
    fn a_task_that_waits_is_woken_by_the_end_of_the_last_work_and_not_before() {
        let (count, task) = (Count::default(), Arc::<Task>::default());
        let is_woken = || task.0.load(std::sync::atomic::Ordering::SeqCst);
        let waker = Arc::clone(&task).into();
        let cx = &mut Context::from_waker(&waker);
        (0..2).for_each(|_| count.enter());
        assert!(count.poll_idle(cx).is_pending());
        count.leave();
        assert!(!is_woken() && count.poll_idle(cx).is_pending());
        count.leave();
        assert!(is_woken() && count.poll_idle(cx).is_ready());
        count.enter();
        assert_eq!(count.get(), 1, "the mark of the waiter is not work");
    }
}
