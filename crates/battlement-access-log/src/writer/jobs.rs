use std::{
    sync::mpsc::{Receiver, TryRecvError},
    thread as threads,
    time::Duration,
};

use super::thread::Job;

/// The time for which the thread does not wait for the next line of a long queue that has become empty.
///
/// Waking a thread costs a request more than its line does: with this pause, a busy service wakes it once in a
/// millisecond, and not for each line.
const PAUSE: Duration = Duration::from_millis(1);

/// The capacity from which the thread pauses, since such a queue has room for the lines of a [`PAUSE`].
const LONG: usize = 1024;

/// The receiving end of the queue.
pub(super) struct Jobs {
    receiver: Receiver<Job>,
    is_long: bool,
}

impl Jobs {
    pub(super) const fn new(receiver: Receiver<Job>, capacity: usize) -> Self {
        Self { receiver, is_long: capacity >= LONG }
    }

    /// Waits for the next job. Returns `None` once all senders are gone and the queue is empty.
    pub(super) fn wait(&self) -> Option<Job> {
        for may_pause in [self.is_long, false] {
            match self.receiver.try_recv() {
                Ok(job) => return Some(job),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if may_pause => pause(),
                Err(TryRecvError::Empty) => break,
            }
        }
        self.receiver.recv().ok()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the thread has no other work, and no task waits for it"
)]
fn pause() {
    // The channel leaves permits to unpark behind, with which `park_timeout` would return at once.
    threads::sleep(PAUSE);
}
