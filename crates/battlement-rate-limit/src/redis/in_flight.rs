use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many are within, and no more than may be.
///
/// Nobody has business there for longer than one stay. Who is within for longer, as a caller that is parked and
/// never polled again, is not counted after two of them, and so keeps nobody else out.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    /// Microseconds, at least one.
    stay: u64,
    counts: Mutex<Counts>,
}

/// Who came in one stay of time, and in the one before, and is still within.
#[derive(Debug, Default)]
struct Counts {
    nth: u64,
    now: usize,
    before: usize,
}

/// One that is within.
#[derive(Debug)]
pub(super) struct Within<'a> {
    crowd: &'a Crowd,
    nth: u64,
}

impl Crowd {
    pub(super) fn new(most: usize, stay: Duration) -> Self {
        Self { most, stay: (stay.as_micros() as u64).max(1), counts: Mutex::default() }
    }

    /// One comes at `now`, if there is room.
    pub(super) fn enter(&self, now: Duration) -> Option<Within<'_>> {
        let nth = now.as_micros() as u64 / self.stay;
        let mut counts = self.counts();
        if nth > counts.nth {
            let before = if nth == counts.nth + 1 { counts.now } else { 0 };
            *counts = Counts { nth, now: 0, before };
        }
        if counts.now + counts.before >= self.most {
            return None;
        }
        counts.now += 1;
        Some(Within { crowd: self, nth: counts.nth })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        if self.nth == counts.nth {
            counts.now -= 1;
        } else if self.nth + 1 == counts.nth {
            counts.before -= 1;
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
    fn there_is_room_again_when_one_has_gone_whenever_it_came() {
        let crowd = Crowd::new(2, at(10));
        let (first, second) = (crowd.enter(at(5)), crowd.enter(at(15)));
        assert!(first.is_some() && second.is_some() && crowd.enter(at(19)).is_none());
        drop(first);
        let third = crowd.enter(at(19));
        assert!(third.is_some() && crowd.enter(at(19)).is_none());
        drop(second);
        assert!(crowd.enter(at(19)).is_some());
    }

    #[test]
    fn who_stays_for_ever_keeps_others_out_for_two_stays_at_most() {
        let crowd = Crowd::new(1, at(10));
        let parked = crowd.enter(at(9));
        assert!(crowd.enter(at(19)).is_none());
        let other = crowd.enter(at(29));
        assert!(other.is_some() && crowd.enter(at(29)).is_none());
        drop(parked);
        assert!(crowd.enter(at(29)).is_none(), "it was not counted any more");
        drop(other);
        assert!(crowd.enter(at(29)).is_some());
    }
}
