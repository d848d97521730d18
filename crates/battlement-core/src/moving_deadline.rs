use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The deadline of a request that layers may still move, as nanoseconds from the start of the request.
#[derive(Debug)]
pub(crate) struct MovingDeadline {
    after: AtomicU64,
    /// The latest value that `after` may take.
    max: AtomicU64,
}

/// No layer has set a deadline.
const UNSET: u64 = u64::MAX;

impl MovingDeadline {
    pub(crate) const fn unset() -> Self {
        Self { after: AtomicU64::new(UNSET), max: AtomicU64::new(UNSET) }
    }

    pub(crate) fn get(&self) -> Option<Duration> {
        match self.after.load(Relaxed) {
            UNSET => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Sets the deadline and its limit; a second layer can only lower either.
    pub(crate) fn set(&self, after: Duration, max: Duration) {
        // Layers see a request one after the other, so nothing comes between the loads and the stores.
        let max = self.max.load(Relaxed).min(nanos(max));
        self.max.store(max, Relaxed);
        self.after.store(self.after.load(Relaxed).min(nanos(after)).min(max), Relaxed);
    }

    /// Moves a deadline that is set, within its limit.
    pub(crate) fn move_to(&self, after: Duration) {
        let moved = nanos(after).min(self.max.load(Relaxed));
        let _ = self.after.fetch_update(Relaxed, Relaxed, |now| (now != UNSET).then_some(moved));
    }
}

fn nanos(time: Duration) -> u64 {
    let nanos = time.as_secs().saturating_mul(1_000_000_000);
    nanos.saturating_add(time.subsec_nanos().into()).min(UNSET - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..10_u64).prop_map(Duration::from_secs),
            any::<u64>().prop_map(Duration::from_nanos),
            Just(Duration::MAX)
        ]
    }

    proptest! {
        #[test]
        fn a_second_layer_only_lowers_and_no_move_exceeds_the_limit(
            sets in prop::collection::vec((any_time(), any_time()), 1..4),
            moves in prop::collection::vec(any_time(), 0..4),
        ) {
            let deadline = MovingDeadline::unset();
            let mut before = Duration::MAX;
            for (after, max) in &sets {
                deadline.set(*after, *max);
                let now = deadline.get().unwrap();
                prop_assert!(now <= before && now <= *after && now <= *max);
                before = now;
            }
            let limit = sets.iter().map(|(_, max)| *max).min().unwrap();
            for after in moves {
                deadline.move_to(after);
                let nanos = Duration::from_nanos(u64::MAX - 1);
                prop_assert_eq!(deadline.get().unwrap(), after.min(limit).min(nanos));
            }
        }
    }

    #[test]
    fn a_deadline_that_no_layer_has_set_is_not_moved() {
        let deadline = MovingDeadline::unset();
        deadline.move_to(Duration::from_secs(1));
        assert_eq!(deadline.get(), None);
    }
}
