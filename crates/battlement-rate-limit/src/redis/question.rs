use smallvec::SmallVec;

use super::key::Place;
use crate::{Ask, Outcome, Policies, PolicyState};

/// One question to the script.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: Place,
    /// Of a cluster; 0 elsewhere.
    pub(super) slot: u16,
    pub(super) policies: Policies,
    pub(super) cost: u32,
    pub(super) what: What,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) enum What {
    Acquire,
    Peek,
    Reset,
    Refund(Box<Taken>),
}

/// What was taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    /// By the clock of Redis.
    pub(super) at: u64,
    /// How far the cell of each policy was ahead then, in microseconds; -1 if nothing was taken.
    pub(super) ahead: SmallVec<[i64; 2]>,
}

/// What the script said of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// How each policy stands; of a refund or a reset, nothing.
    Done(SmallVec<[PolicyState; 2]>),
    /// It came too late, and was not done.
    Stale,
    /// The code of an error.
    Failed(String),
}

impl What {
    pub(super) const fn number(&self) -> u8 {
        match self {
            Self::Acquire => 1,
            Self::Peek => 2,
            Self::Refund(_) => 3,
            Self::Reset => 4,
        }
    }

    /// To give back what `charged` took.
    pub(super) fn refund(ask: &Ask<'_>, charged: &Outcome) -> Self {
        let both = ask.policies.iter().zip(&charged.states);
        let ahead = both.map(|(policy, state)| {
            if state.is_denied() {
                return -1;
            }
            let numbers = policy.rule().numbers();
            let taken = numbers.units.saturating_sub(state.remaining).saturating_sub(1);
            let nanos = u128::from(numbers.nanos) * u128::from(taken) + state.reset.as_nanos();
            i64::try_from(nanos.div_ceil(1_000)).unwrap_or(i64::MAX)
        });
        Self::Refund(Box::new(Taken { at: charged.stamp, ahead: ahead.collect() }))
    }

    /// Whether the script tells how the policies stand.
    pub(super) const fn tells(&self) -> bool {
        matches!(self, Self::Acquire | Self::Peek)
    }
}
