use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// The way in which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A 503, or UNAVAILABLE, and nothing is done.
    Unavailable,
    /// A 500, or INTERNAL, and nothing is done.
    Internal,
    /// The connection is reset, and nothing is done.
    ResetBefore,
    /// The work is done, and the connection is reset instead of the answer.
    ResetAfter,
    /// The connection is reset as soon as it is open.
    Refuse,
    /// No answer, and nothing is done.
    Hang,
    /// The work is done, and the answer comes after this time.
    Slow(Duration),
    /// The work is done, and the answer breaks off.
    Truncate,
}

/// The faults of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Only(Fault),
    /// Unavailable, reset before and reset after the work, again and again.
    InTurn,
}

/// The calls that fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pick {
    /// Every n-th call.
    Every(NonZeroU32),
    /// A share of the calls, more than 0 and at most 1, evenly spread.
    Share(f64),
}

/// Faults for some calls, until a time.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    kind: Kind,
    pick: Pick,
    ends: Instant,
    calls: u64,
    failed: u64,
}

impl Plan {
    pub(crate) fn new(kind: Kind, pick: Pick, duration: Duration, now: Instant) -> Self {
        Self { kind, pick, ends: now + duration, calls: 0, failed: 0 }
    }

    /// Counts a call, and returns its fault: none for most, and for all from the end of the plan on.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Fault> {
        if self.is_over(now) {
            return None;
        }
        self.calls += 1;
        if self.pick.of_first(self.calls) == self.failed {
            return None;
        }
        self.failed += 1;
        Some(self.kind.fault(self.failed - 1))
    }

    /// Returns whether connections are refused, in place of calls that fail.
    pub(crate) fn refuses(&self) -> bool {
        self.kind == Kind::Only(Fault::Refuse)
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.ends
    }
}

impl Fault {
    /// Returns whether the call fails before any work is done.
    pub(crate) const fn is_before_work(self) -> bool {
        !matches!(self, Self::ResetAfter | Self::Slow(_) | Self::Truncate)
    }

    /// Returns whether the connection is reset in place of the answer.
    pub(crate) const fn is_reset(self) -> bool {
        matches!(self, Self::ResetBefore | Self::ResetAfter | Self::Refuse)
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

impl Pick {
    /// Returns the number of calls that fail among the first `calls`.
    fn of_first(self, calls: u64) -> u64 {
        match self {
            Self::Every(every) => calls / u64::from(every.get()),
            // Exact for far more calls than ten minutes have.
            Self::Share(share) => (calls as f64 * share) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn every(n: u32) -> Pick {
        Pick::Every(n.try_into().unwrap())
    }

    fn plan(kind: Kind, pick: Pick, now: Instant) -> Plan {
        Plan::new(kind, pick, MINUTE, now)
    }

    #[test]
    fn every_nth_call_fails() {
        let now = Instant::now();
        let mut plan = plan(Kind::Only(Fault::ResetAfter), every(3), now);
        let failed: Vec<_> = (1..=9).filter(|_| plan.next(now).is_some()).collect();
        assert_eq!(failed, [3, 6, 9]);
    }

    #[test]
    fn a_share_of_the_calls_fails_evenly_spread() {
        let now = Instant::now();
        for (share, expected) in [
            (1.0, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10][..]),
            (0.7, &[2, 3, 5, 6, 8, 9, 10]),
            (0.5, &[2, 4, 6, 8, 10]),
            (0.05, &[]),
        ] {
            let mut plan = plan(Kind::Only(Fault::Hang), Pick::Share(share), now);
            let failed: Vec<_> = (1..=10).filter(|_| plan.next(now).is_some()).collect();
            assert_eq!(failed, expected, "{share}");
        }
    }

    #[test]
    fn with_one_every_call_fails_in_the_same_way() {
        let now = Instant::now();
        for fault in [Fault::Unavailable, Fault::ResetBefore, Fault::ResetAfter] {
            let mut plan = plan(Kind::Only(fault), every(1), now);
            assert!((0..5).all(|_| plan.next(now) == Some(fault)));
        }
    }

    #[test]
    fn the_three_faults_take_turns() {
        let now = Instant::now();
        let expected =
            [Fault::Unavailable, Fault::ResetBefore, Fault::ResetAfter, Fault::Unavailable];
        for n in [1, 2, 3] {
            let mut plan = plan(Kind::InTurn, every(n), now);
            let faults: Vec<_> = (0..4 * n).filter_map(|_| plan.next(now)).collect();
            assert_eq!(faults, expected);
        }
    }

    #[test]
    fn no_call_fails_from_the_end_of_the_plan_on() {
        let now = Instant::now();
        let mut plan = plan(Kind::Only(Fault::Unavailable), every(1), now);
        assert!(plan.next(now + MINUTE - Duration::from_nanos(1)).is_some());
        assert_eq!(plan.next(now + MINUTE), None);
    }
}
