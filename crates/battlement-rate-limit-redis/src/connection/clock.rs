use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};

/// The offset of a server's clock from the clock of this process, in microseconds.
///
/// The offset is known only to within the duration of a call. The stored offset is a lower bound, as far as replies
/// show: the deadline that is sent with a command is never later than the real one.
#[derive(Debug)]
pub(crate) struct Clock(AtomicI64);

const UNKNOWN: i64 = i64::MIN;
/// The epoch of the script, in microseconds of Unix time: the beginning of 2025.
pub(crate) const EPOCH: u64 = 1_735_689_600_000_000;

impl Clock {
    pub(crate) const fn new() -> Self {
        Self(AtomicI64::new(UNKNOWN))
    }

    /// Returns the server's time at `at` of this process, or slightly less. While the offset is unknown, returns a
    /// time that is never too late.
    pub(crate) fn at(&self, at: Duration) -> i64 {
        match self.0.load(Relaxed) {
            UNKNOWN => i64::MAX >> 11,
            ahead => micros(at).saturating_add(ahead),
        }
    }

    /// Notes that the server's clock showed `server` at some time between `sent` and `received` of this process.
    pub(crate) fn note(&self, server: u64, sent: Duration, received: Duration) {
        let server = i64::try_from(server).unwrap_or(i64::MAX);
        let least = server.saturating_sub(micros(received));
        let most = server.saturating_sub(micros(sent));
        let kept = self.0.load(Relaxed);
        // An offset above the upper bound means that the server's clock was set back, or that another server replied.
        if kept < least || kept > most {
            self.0.store(least, Relaxed);
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn a_deadline_is_never_late_before_the_server_time_is_known() {
        let clock = Clock::new();
        assert!(clock.at(at(5)) > 1 << 51);
        clock.note(1_000, at(10), at(20));
        assert_eq!(clock.at(at(100)), 1_080);
    }

    #[test]
    fn a_faster_reply_improves_the_offset_and_a_slower_one_does_not() {
        let clock = Clock::new();
        clock.note(1_000, at(0), at(100));
        clock.note(2_005, at(1_000), at(1_010));
        assert_eq!(clock.at(at(1_010)), 2_005);
        clock.note(3_000, at(1_900), at(2_900));
        assert_eq!(clock.at(at(1_010)), 2_005);
    }

    #[test]
    fn a_clock_that_was_set_back_is_followed() {
        let clock = Clock::new();
        clock.note(1_000_000, at(0), at(10));
        clock.note(500, at(100), at(110));
        assert_eq!(clock.at(at(110)), 500);
    }

    proptest! {
        #[test]
        fn the_offset_is_never_ahead_of_a_clock_that_runs_evenly(
            ahead in 0_u64..1 << 40,
            calls in prop::collection::vec((1_u64..1_000_000, 0_u64..50_000, 0_u64..50_000), 1..50),
        ) {
            let (clock, mut now) = (Clock::new(), 0);
            for (pause, there, back) in calls {
                now += pause;
                clock.note(now + there + ahead, at(now), at(now + there + back));
                now += there + back;
                prop_assert!(clock.at(at(now)) <= i64::try_from(now + ahead).unwrap());
            }
        }
    }
}
