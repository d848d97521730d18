use std::time::Duration;

/// Whether it is worth asking, by how the last second went.
///
/// It opens when at least half of at least 20 calls within a second failed or were late. It does not close by
/// itself: somebody else tries, off the path of requests, and closes it. Whoever asked before that says nothing of
/// what has been since, as those who have waited for a connection until it was too late for them.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    parts: [Part; PARTS],
    since: Duration,
}

/// What ended within a tenth of a second.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// Which tenth since the beginning.
    nth: u64,
    calls: u32,
    failed: u32,
}

const PARTS: usize = 10;
const PART_MILLIS: u64 = 100;
const LEAST_CALLS: u32 = 20;

impl Breaker {
    /// So many calls have ended well at `now`.
    pub(super) fn note_successes(&mut self, now: Duration, calls: u32) {
        let part = self.part(now);
        part.calls = part.calls.saturating_add(calls);
    }

    /// A call of `asked` has failed at `now`; returns whether that is enough to open.
    pub(super) fn note_failure(&mut self, asked: Duration, now: Duration) -> bool {
        if asked < self.since {
            return false;
        }
        let part = self.part(now);
        part.calls = part.calls.saturating_add(1);
        part.failed = part.failed.saturating_add(1);
        let nth = part.nth;
        self.is_bad(nth)
    }

    fn part(&mut self, now: Duration) -> &mut Part {
        let nth = u64::try_from(now.as_millis()).unwrap_or(u64::MAX) / PART_MILLIS;
        let part = &mut self.parts[nth as usize % PARTS];
        if part.nth != nth {
            *part = Part { nth, ..Part::default() };
        }
        part
    }

    /// Begins anew.
    pub(super) fn clear(&mut self, now: Duration) {
        *self = Self { since: now, ..Self::default() };
    }

    fn is_bad(&self, nth: u64) -> bool {
        let oldest = (nth + 1).saturating_sub(PARTS as u64);
        let recent = self.parts.iter().filter(|part| (oldest..=nth).contains(&part.nth));
        let (calls, failed) =
            recent.fold((0, 0), |(calls, failed), part| (calls + part.calls, failed + part.failed));
        calls >= LEAST_CALLS && failed * 2 >= calls
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    impl Breaker {
        fn note(&mut self, now: Duration, failed: bool) -> bool {
            if failed {
                return self.note_failure(now, now);
            }
            self.note_successes(now, 1);
            false
        }
    }

    #[test]
    fn it_opens_when_half_of_twenty_calls_failed() {
        let mut breaker = Breaker::default();
        for call in 0..19 {
            assert!(!breaker.note(at(call), call % 2 == 0), "{call}");
        }
        assert!(breaker.note(at(19), true));
        breaker.clear(at(19));
        assert!(!breaker.note(at(20), true));
    }

    #[test]
    fn who_asked_before_it_closed_does_not_open_it() {
        let mut breaker = Breaker::default();
        breaker.clear(at(100));
        assert!((0..1_000).all(|_| !breaker.note_failure(at(99), at(101))));
        assert!((0..19).all(|_| !breaker.note_failure(at(100), at(101))));
        assert!(breaker.note_failure(at(100), at(101)));
    }

    #[test]
    fn a_few_failures_among_many_calls_do_not_open_it() {
        let mut breaker = Breaker::default();
        for call in 0..10_000 {
            assert!(!breaker.note(at(call), call % 3 == 0), "{call}");
        }
    }

    #[test]
    fn what_is_longer_ago_than_a_second_does_not_count() {
        let mut breaker = Breaker::default();
        for _ in 0..19 {
            assert!(!breaker.note(at(0), true));
        }
        assert!(!breaker.note(at(1_000), true));
        for _ in 0..18 {
            assert!(!breaker.note(at(1_999), true));
        }
        assert!(breaker.note(at(1_999), true));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_list_of_all_calls(
            calls in prop::collection::vec((0_u64..120, any::<bool>()), 1..300),
        ) {
            let (mut breaker, mut now, mut all) = (Breaker::default(), 0, Vec::new());
            for (pause, failed) in calls {
                now += pause;
                all.push((now / 100, failed));
                let recent = || all.iter().filter(|(tenth, _)| tenth + 10 > now / 100);
                let bad = recent().filter(|(_, failed)| *failed).count();
                let expected = failed && recent().count() >= 20 && bad * 2 >= recent().count();
                prop_assert_eq!(breaker.note(at(now), failed), expected);
            }
        }
    }
}
