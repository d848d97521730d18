//! The waits between attempts to accept.

use std::time::Duration;

/// Waits that double from 5 ms to 1 s while errors follow each other.
///
/// The first wait is short, because a descriptor is free again as soon as any connection closes. The last one bounds
/// both the work of a loop that cannot accept and the time until it notices that it can.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

const FIRST: Duration = Duration::from_millis(5);
const LAST: Duration = Duration::from_secs(1);
/// The number of failures after which the wait no longer grows: 5 ms doubled eight times exceeds a second.
const GROWING: u32 = 8;

impl Backoff {
    /// Returns the wait after another error.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures).min(LAST);
        self.failures = GROWING.min(self.failures + 1);
        wait
    }

    /// Starts with the first wait again after a success.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: &mut Backoff, count: usize) -> Vec<u128> {
        (0..count).map(|_| backoff.next().as_millis()).collect()
    }

    #[test]
    fn waits_double_up_to_a_second_and_start_again_after_a_success() {
        let mut backoff = Backoff::default();
        let all = [5, 10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000];
        assert_eq!(waits(&mut backoff, all.len()), all);
        backoff.reset();
        assert_eq!(waits(&mut backoff, 2), [5, 10]);
    }

    #[test]
    fn a_loop_that_fails_for_a_day_still_waits_a_second() {
        let mut backoff = Backoff::default();
        assert_eq!(waits(&mut backoff, 100_000).last(), Some(&1_000));
    }

    #[test]
    fn four_seconds_of_errors_are_about_a_dozen_attempts() {
        let mut backoff = Backoff::default();
        let (mut total, mut attempts) = (Duration::ZERO, 0);
        while total < Duration::from_secs(4) {
            total += backoff.next();
            attempts += 1;
        }
        assert!((10..=12).contains(&attempts), "{attempts}");
    }
}
