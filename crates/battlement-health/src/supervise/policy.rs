use std::time::Duration;

/// The consequence of the end of a supervised task, for [`Health::supervise`](crate::Health::supervise).
///
/// A supervised task is expected to run as long as the process: a panic, an error and an early return all end it.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_health::TaskPolicy;
///
/// let (first, longest) = (Duration::from_millis(100), Duration::from_secs(10));
/// let policy = TaskPolicy::restart(5).backoff(first, longest);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct TaskPolicy {
    restarts: u32,
    first: Duration,
    longest: Duration,
    steady_after: Duration,
}

impl TaskPolicy {
    /// Creates the policy of a task that is not restarted: liveness fails when it ends.
    pub const fn fail() -> Self {
        Self::restart(0)
    }

    /// Creates the policy of a task that is restarted up to `restarts` times in a row. Liveness fails when the task
    /// ends after the last restart.
    pub const fn restart(restarts: u32) -> Self {
        Self {
            restarts,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(30),
            steady_after: Duration::from_secs(60),
        }
    }

    /// Sets the wait before the first restart, which doubles for each further one in a row, up to `longest`. Each wait
    /// varies by up to 10 %. Default: 100 ms to 30 s.
    ///
    /// # Panics
    ///
    /// If `first` is zero, or longer than `longest`.
    pub const fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        assert!(!first.is_zero(), "the first wait of a backoff must be greater than zero");
        assert!(
            first.as_nanos() <= longest.as_nanos(),
            "the first wait of a backoff must be at most the longest"
        );
        (self.first, self.longest) = (first, longest);
        self
    }

    /// Sets the duration of a run that resets the backoff: after such a run, restarts and waits are counted from the
    /// start. Default: 60 s.
    pub const fn steady_after(mut self, duration: Duration) -> Self {
        self.steady_after = duration;
        self
    }
}

/// The restarts of a task in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Restarts {
    policy: TaskPolicy,
    in_a_row: u32,
}

impl Restarts {
    pub(super) const fn new(policy: TaskPolicy) -> Self {
        Self { policy, in_a_row: 0 }
    }

    /// Returns the wait before the next run, after a run that took `ran`, or `None` if the task is not restarted.
    pub(super) fn next(&mut self, ran: Duration) -> Option<Duration> {
        let TaskPolicy { restarts, first, longest, steady_after } = self.policy;
        if ran >= steady_after {
            self.in_a_row = 0;
        }
        if self.in_a_row >= restarts {
            return None;
        }
        let factor = 1_u32.checked_shl(self.in_a_row).unwrap_or(u32::MAX);
        self.in_a_row += 1;
        Some(first.saturating_mul(factor).min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn waits(policy: TaskPolicy, runs: &[Duration]) -> Vec<Option<Duration>> {
        let mut restarts = Restarts::new(policy);
        runs.iter().map(|ran| restarts.next(*ran)).collect()
    }

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_restarts() {
        let policy = TaskPolicy::restart(4).backoff(ms(100), ms(350));
        let expected = [Some(ms(100)), Some(ms(200)), Some(ms(350)), Some(ms(350)), None, None];
        assert_eq!(waits(policy, &[ms(0); 6]), expected);
        assert_eq!(waits(TaskPolicy::fail(), &[ms(0)]), [None]);
    }

    #[test]
    fn a_steady_run_starts_the_count_and_the_waits_over() {
        let policy = TaskPolicy::restart(2).backoff(ms(100), ms(1_000)).steady_after(ms(500));
        let expected = [Some(ms(100)), Some(ms(200)), Some(ms(100)), Some(ms(200)), None];
        assert_eq!(waits(policy, &[ms(0), ms(499), ms(500), ms(0), ms(0)]), expected);
        let never = TaskPolicy::fail().steady_after(ms(1));
        assert_eq!(waits(never, &[ms(2)]), [None], "a task that is not restarted never is");
    }

    #[test]
    fn no_number_of_restarts_overflows_the_wait() {
        let longest = Duration::MAX;
        let mut restarts = Restarts::new(TaskPolicy::restart(u32::MAX).backoff(ms(1), longest));
        let waits: Vec<_> = (0..70).map(|_| restarts.next(ms(0)).unwrap()).collect();
        assert!(waits.is_sorted(), "{waits:?}");
        assert_eq!(waits[31], ms(1 << 31));
        assert_eq!(waits[69], ms(u32::MAX.into()));
    }

    #[test]
    fn the_defaults_are_those_of_the_page() {
        let expected = [Some(ms(100)), Some(ms(200)), None];
        assert_eq!(waits(TaskPolicy::restart(2), &[ms(0), ms(59_999), ms(0)]), expected);
        assert_eq!(waits(TaskPolicy::restart(9), &[ms(0); 10])[8..], [Some(ms(25_600)), None]);
        assert_eq!(waits(TaskPolicy::restart(10), &[ms(0); 10])[9], Some(ms(30_000)));
        assert_eq!(waits(TaskPolicy::restart(1), &[ms(0), ms(60_000)]), [Some(ms(100)); 2]);
    }

    #[test]
    #[should_panic(expected = "must be greater than zero")]
    fn a_backoff_without_a_wait_is_refused() {
        let _ = TaskPolicy::restart(1).backoff(ms(0), ms(1));
    }

    #[test]
    #[should_panic(expected = "must be at most the longest")]
    fn a_backoff_that_shrinks_is_refused() {
        let _ = TaskPolicy::restart(1).backoff(ms(2), ms(1));
    }
}
