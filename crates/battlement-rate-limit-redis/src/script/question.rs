use battlement_rate_limit::{Outcome, Policies, PolicyState, Query};
use smallvec::SmallVec;

use super::key::RedisKey;

/// A question to the script.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) key: RedisKey,
    /// The slot in a cluster, or 0 on a single server.
    pub(crate) slot: u16,
    pub(crate) policies: Policies,
    pub(crate) cost: u32,
    pub(crate) operation: Operation,
}

/// The operation of a question.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Acquire,
    Peek,
    Reset,
    Refund(Box<Charge>),
}

/// The charge that a refund undoes.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    /// The time of the charge, by the clock of Redis.
    pub(crate) at: u64,
    /// The time by which the cell of each policy was ahead after the charge, in microseconds; -1 if nothing was
    /// charged.
    pub(crate) ahead: SmallVec<[i64; 2]>,
}

/// The script's answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The state of each policy; empty for a refund or a reset.
    Done(SmallVec<[PolicyState; 2]>),
    /// The question arrived after its deadline, and was not executed.
    Stale,
    /// The code of an error.
    Failed(String),
}

impl Operation {
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::Acquire => 1,
            Self::Peek => 2,
            Self::Refund(_) => 3,
            Self::Reset => 4,
        }
    }

    /// Creates the operation that refunds `charged`.
    pub(crate) fn refund(query: &Query<'_>, charged: &Outcome) -> Self {
        let policies = query.policies.iter().zip(&charged.states);
        let ahead = policies.map(|(policy, state)| {
            if state.is_denied() {
                return -1;
            }
            let numbers = policy.rule().numbers();
            let taken = numbers.units.saturating_sub(state.remaining).saturating_sub(1);
            let nanos = u128::from(numbers.nanos) * u128::from(taken) + state.reset.as_nanos();
            i64::try_from(nanos.div_ceil(1_000)).unwrap_or(i64::MAX)
        });
        Self::Refund(Box::new(Charge { at: charged.receipt.value(), ahead: ahead.collect() }))
    }

    /// Returns whether the answer contains the states of the policies.
    pub(crate) const fn returns_states(&self) -> bool {
        matches!(self, Self::Acquire | Self::Peek)
    }
}
