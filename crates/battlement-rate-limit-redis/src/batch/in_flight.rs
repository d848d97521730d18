use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Bounds the number of requests in flight.
///
/// A request is in flight for at most one period. A request that holds its guard longer, such as one that is parked and
/// never polled again, is counted for at most two periods, so that it does not block others.
#[derive(Debug)]
pub(crate) struct InFlight {
    max: usize,
    /// In microseconds, at least one.
    period: u64,
    counts: Mutex<Counts>,
}

/// The requests that began in the current and in the previous period, and are still in flight.
#[derive(Debug, Default)]
struct Counts {
    period_index: u64,
    current: usize,
    previous: usize,
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct InFlightGuard<'a> {
    in_flight: &'a InFlight,
    period_index: u64,
}

impl InFlight {
    pub(crate) fn new(max: usize, period: Duration) -> Self {
        Self { max, period: (period.as_micros() as u64).max(1), counts: Mutex::default() }
    }

    /// Admits a request at `now`, unless too many are in flight.
    pub(crate) fn try_acquire(&self, now: Duration) -> Option<InFlightGuard<'_>> {
        let period_index = now.as_micros() as u64 / self.period;
        let mut counts = self.counts();
        if period_index > counts.period_index {
            let previous = if period_index == counts.period_index + 1 { counts.current } else { 0 };
            *counts = Counts { period_index, current: 0, previous };
        }
        if counts.current + counts.previous >= self.max {
            return None;
        }
        counts.current += 1;
        Some(InFlightGuard { in_flight: self, period_index: counts.period_index })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        let mut counts = self.in_flight.counts();
        if self.period_index == counts.period_index {
            counts.current -= 1;
        } else if self.period_index + 1 == counts.period_index {
            counts.previous -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_finished_request_makes_room_whenever_it_began() {
        let in_flight = InFlight::new(2, at(10));
        let (first, second) = (in_flight.try_acquire(at(5)), in_flight.try_acquire(at(15)));
        assert!(first.is_some() && second.is_some() && in_flight.try_acquire(at(19)).is_none());
        drop(first);
        let third = in_flight.try_acquire(at(19));
        assert!(third.is_some() && in_flight.try_acquire(at(19)).is_none());
        drop(second);
        assert!(in_flight.try_acquire(at(19)).is_some());
    }

    #[test]
    fn a_parked_request_is_counted_for_two_periods_at_most() {
        let in_flight = InFlight::new(1, at(10));
        let parked = in_flight.try_acquire(at(9));
        assert!(in_flight.try_acquire(at(19)).is_none());
        let other = in_flight.try_acquire(at(29));
        assert!(other.is_some() && in_flight.try_acquire(at(29)).is_none());
        drop(parked);
        assert!(
            in_flight.try_acquire(at(29)).is_none(),
            "the parked request was no longer counted"
        );
        drop(other);
        assert!(in_flight.try_acquire(at(29)).is_some());
    }
}
