use std::{
    sync::mpsc::{RecvTimeoutError, TrySendError, channel},
    time::Duration,
};

use super::{Writer, thread::Job};

/// The longest wait of [`Writer::flush`].
pub(super) const FLUSH: Duration = Duration::from_secs(5);

/// The time between two tries to find room in a full queue.
const PAUSE: Duration = Duration::from_millis(1);

impl Writer {
    /// Waits until the lines that were queued before the call are written, for at most 5 seconds; see
    /// [`flush_within`](Self::flush_within).
    pub fn flush(&self) {
        let _ = self.flush_within(FLUSH);
    }

    /// Waits until the lines that were queued before the call are written, for about `longest` at most, and returns
    /// whether they are. A pipe without a reader takes no lines.
    ///
    /// The call blocks the thread: in async code, use `spawn_blocking`.
    #[must_use]
    pub fn flush_within(&self, longest: Duration) -> bool {
        let (done, is_done) = channel();
        let mut job = Job::Flush(done);
        let mut left = longest;
        loop {
            match self.shared.sender().try_send(job) {
                Ok(()) => return is_done.recv_timeout(left).is_ok(),
                Err(TrySendError::Full(back)) => job = back,
                Err(TrySendError::Disconnected(_)) => return false,
            }
            // The job is not in the queue, so no message arrives, and the wait is a pause.
            if left.is_zero() || is_done.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
            left = left.saturating_sub(PAUSE);
        }
    }
}
