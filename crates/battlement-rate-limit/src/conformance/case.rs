use std::time::Duration;

use super::{policies, random::Random};
use crate::{Policies, Policy};

/// Operations on a new store, one after the other.
///
/// [`Conformance::check_case`](super::Conformance::check_case) compares the answers with those of the model. Policies
/// and periods are so small that 64 bits hold the time in which all units are restored, in nanoseconds. Under
/// [`Clock::Real`](super::Clock::Real), the policies restore no unit during the test.
#[derive(Clone, Debug)]
pub struct Case {
    /// The policies, and those that replace them.
    pub sets: Vec<Policies>,
    /// The operations.
    pub steps: Vec<Step>,
}

/// An operation of a [`Case`], on one of two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Acquires a cost.
    Acquire(Client, u32),
    /// Peeks with a cost.
    Peek(Client, u32),
    /// Refunds a charge, by its index modulo the number of charges that were neither refunded nor reset.
    Refund(Client, usize),
    /// Resets the key.
    Reset(Client),
    /// Replaces the policies with the next set; the first set follows the last.
    Replace,
    /// Lets time pass, in whole microseconds.
    Pass(Duration),
    /// Lets the longest wait of the latest answer pass, rounded down or up to whole microseconds.
    PassWait {
        /// Whether the wait is rounded up.
        is_over: bool,
    },
    /// Sets the clock back, in whole microseconds.
    SetBack(Duration),
}

/// The key of a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The first key.
    First,
    /// The second key.
    Second,
}

impl Case {
    /// Creates a random case, of slow policies for a real clock.
    pub(super) fn random(
        random: &mut Random,
        steps: usize,
        is_changing: bool,
        is_slow: bool,
    ) -> Self {
        let mut sets = vec![policies::random(random, is_slow)];
        if is_changing {
            let others = [(); 2].map(|()| policies::replacing(random, &sets[0], is_slow));
            sets.extend(others);
        }
        let steps = (0..steps).map(|_| Step::random(random, &sets)).collect();
        Self { sets, steps }
    }
}

impl Step {
    fn random(random: &mut Random, sets: &[Policies]) -> Self {
        let client = if random.chance(25) { Client::Second } else { Client::First };
        match random.below(100) {
            0..40 => Self::Acquire(client, cost(random, sets)),
            40..48 => Self::Peek(client, cost(random, sets)),
            48..62 => Self::Refund(client, random.index(8)),
            62..65 => Self::Reset(client),
            65..70 => Self::Replace,
            70..92 => Self::Pass(pause(random, sets)),
            92..97 => Self::PassWait { is_over: random.chance(50) },
            _ => Self::SetBack(pause(random, sets)),
        }
    }
}

fn cost(random: &mut Random, sets: &[Policies]) -> u32 {
    let capacity = any(random, sets).capacity();
    match random.below(20) {
        0 => 0,
        1 => u32::MAX,
        2 => random.units_below(capacity + 2),
        3 => capacity,
        4..10 => 1,
        _ => 1 + random.units_below(capacity / 3 + 1),
    }
}

fn pause(random: &mut Random, sets: &[Policies]) -> Duration {
    let policy = any(random, sets);
    let period = u64::try_from(policy.period().as_micros()).unwrap_or(u64::MAX / 4);
    Duration::from_micros(match random.below(10) {
        0 => period,
        1 => random.below(3 * period),
        2..5 => random.below(period),
        _ => random.below(period / u64::from(policy.quota()) + 1),
    })
}

fn any<'a>(random: &mut Random, sets: &'a [Policies]) -> &'a Policy {
    let set = &sets[random.index(sets.len())];
    &set[random.index(set.len())]
}
