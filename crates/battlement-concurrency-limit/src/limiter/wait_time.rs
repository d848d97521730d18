use tokio::time::Instant;

use crate::Reason;

/// The time that a request may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaitTime {
    pub(super) since: Instant,
    /// The end of the queue time.
    pub(super) end: Instant,
    /// The deadline on arrival, which may be later than the end of the queue time.
    pub(super) deadline: Option<Instant>,
}

impl WaitTime {
    /// Returns the end: the earlier of the queue time and the deadline.
    pub(super) fn until(&self) -> Instant {
        self.deadline.map_or(self.end, |deadline| deadline.min(self.end))
    }

    /// Returns the reason of a request that has waited to the end.
    pub(super) fn reason(&self) -> Reason {
        match self.deadline {
            Some(deadline) if deadline <= self.end => Reason::Deadline,
            _ => Reason::QueueTimeout,
        }
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        now >= self.until()
    }

    /// Returns whether more than half of the time has passed.
    pub(super) fn is_half_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > self.until().saturating_duration_since(now)
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Returns a wait of 100 ms with a deadline after so many milliseconds.
    fn wait(deadline: Option<u32>) -> (WaitTime, Instant) {
        let since = Instant::now();
        let deadline = deadline.map(|after| since + MS * after);
        (WaitTime { since, end: since + MS * 100, deadline }, since)
    }

    #[test]
    fn a_wait_ends_at_the_earlier_of_the_queue_time_and_the_deadline() {
        for (deadline, end, reason) in [
            (None, 100, Reason::QueueTimeout),
            (Some(101), 100, Reason::QueueTimeout),
            (Some(100), 100, Reason::Deadline),
            (Some(99), 99, Reason::Deadline),
        ] {
            let (wait, since) = wait(deadline);
            assert_eq!((wait.until() - since, wait.reason()), (MS * end, reason));
            assert!(!wait.is_over(since + MS * (end - 1)));
            assert!(wait.is_over(since + MS * end));
        }
    }

    #[test]
    fn half_of_the_time_is_half_of_what_the_deadline_leaves() {
        for (deadline, half) in [(None, 50), (Some(60), 30)] {
            let (wait, since) = wait(deadline);
            assert!(!wait.is_half_over(since + MS * half));
            assert!(wait.is_half_over(since + MS * (half + 1)));
            assert!(wait.is_half_over(since + MS * 200));
        }
    }
}
