use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// The way in which a charge fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A 503, and the order is not charged.
    Unavailable,
    /// The connection is reset, and the order is not charged.
    ResetBefore,
    /// The order is charged, and the connection is reset instead of the answer.
    ResetAfter,
}

/// The faults of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Only(Fault),
    /// The faults in the order of [`Fault`], again and again.
    InTurn,
}

/// Faults for every n-th charge, until a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    kind: Kind,
    every: NonZeroU32,
    ends: Instant,
    charges: u64,
}

impl Plan {
    pub(crate) fn new(kind: Kind, every: NonZeroU32, duration: Duration, now: Instant) -> Self {
        Self { kind, every, ends: now + duration, charges: 0 }
    }

    /// Counts a charge, and returns its fault: none for most, and for all from the end of the plan on.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Fault> {
        if now >= self.ends {
            return None;
        }
        self.charges += 1;
        let every = u64::from(self.every.get());
        self.charges.is_multiple_of(every).then(|| self.kind.fault(self.charges / every - 1))
    }
}

impl Kind {
    /// Returns the fault of a number, from 0.
    const fn fault(self, number: u64) -> Fault {
        match (self, number % 3) {
            (Self::Only(fault), _) => fault,
            (Self::InTurn, 0) => Fault::Unavailable,
            (Self::InTurn, 1) => Fault::ResetBefore,
            (Self::InTurn, _) => Fault::ResetAfter,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn plan(kind: Kind, every: u32, now: Instant) -> Plan {
        Plan::new(kind, every.try_into().unwrap(), MINUTE, now)
    }

    #[test]
    fn every_nth_charge_fails() {
        let now = Instant::now();
        let mut plan = plan(Kind::Only(Fault::ResetAfter), 3, now);
        let failed: Vec<_> = (1..=9).filter(|_| plan.next(now).is_some()).collect();
        assert_eq!(failed, [3, 6, 9]);
    }

    #[test]
    fn with_one_every_charge_fails_in_the_same_way() {
        let now = Instant::now();
        for fault in [Fault::Unavailable, Fault::ResetBefore, Fault::ResetAfter] {
            let mut plan = plan(Kind::Only(fault), 1, now);
            assert!((0..5).all(|_| plan.next(now) == Some(fault)));
        }
    }

    #[test]
    fn the_three_faults_take_turns() {
        let now = Instant::now();
        let expected =
            [Fault::Unavailable, Fault::ResetBefore, Fault::ResetAfter, Fault::Unavailable];
        for every in [1, 2, 3] {
            let mut plan = plan(Kind::InTurn, every, now);
            let faults: Vec<_> = (0..4 * every).filter_map(|_| plan.next(now)).collect();
            assert_eq!(faults, expected);
        }
    }

    #[test]
    fn no_charge_fails_from_the_end_of_the_plan_on() {
        let now = Instant::now();
        let mut plan = plan(Kind::Only(Fault::Unavailable), 1, now);
        assert!(plan.next(now + MINUTE - Duration::from_nanos(1)).is_some());
        assert_eq!(plan.next(now + MINUTE), None);
    }
}
