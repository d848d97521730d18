use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Reply;

/// The replies that all clones of a probe share.
pub(super) struct Script<T>(Arc<Mutex<Replies<T>>>);

struct Replies<T> {
    next: VecDeque<Reply<T>>,
    always: Reply<T>,
}

impl<T> Script<T> {
    pub(super) fn new(always: Reply<T>) -> Self {
        Self(Arc::new(Mutex::new(Replies { next: VecDeque::new(), always })))
    }

    pub(super) fn next(&self, reply: Reply<T>) {
        self.lock().next.push_back(reply);
    }

    pub(super) fn always(&self, reply: Reply<T>) {
        self.lock().always = reply;
    }

    fn lock(&self) -> MutexGuard<'_, Replies<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Script<T> {
    /// Takes the reply to the next call.
    pub(super) fn take(&self) -> Reply<T> {
        let mut replies = self.lock();
        let next = replies.next.pop_front();
        next.unwrap_or_else(|| replies.always.clone())
    }
}

impl<T> Clone for Script<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Default> Default for Script<T> {
    fn default() -> Self {
        Self::new(Reply::default())
    }
}
