use std::task::Waker;

/// The wakers that are collected under the lock of the queue and called after it.
///
/// A waker runs code of the runtime, which may poll the task at once and take the lock again.
#[derive(Default)]
pub(super) struct Wakers {
    wakers: [Option<Waker>; MOST],
    len: usize,
}

/// A release grants one permit, and a raised limit several.
const MOST: usize = 8;

impl Wakers {
    /// Adds the waker of a request, which has none before its first poll.
    pub(super) fn push(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            self.wakers[self.len] = waker;
            self.len += 1;
        }
    }

    /// Returns whether the wakers must be called before another one is added.
    pub(super) const fn is_full(&self) -> bool {
        self.len == MOST
    }

    /// Calls and removes all wakers.
    pub(super) fn wake(&mut self) {
        self.wakers[..self.len].iter_mut().filter_map(Option::take).for_each(Waker::wake);
        self.len = 0;
    }
}
