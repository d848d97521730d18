//! governor's own limiters.

use std::{num::NonZeroU32, time::Duration};

use battlement_rate_limit::{Decision, Outcome, Policies, Policy};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, FakeRelativeClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use proptest::prelude::*;

type Governor = RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, StateInformationMiddleware>;

/// The limiters of governor, for each policy that uses its algorithm.
pub(super) struct Governors {
    clock: FakeRelativeClock,
    each: Vec<Option<Governor>>,
    asked: usize,
}

impl Governors {
    pub(super) fn of(policies: &Policies) -> Self {
        let mut governors = Self { clock: FakeRelativeClock::default(), each: vec![], asked: 0 };
        governors.reset(policies);
        governors
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    pub(super) fn reset(&mut self, policies: &Policies) {
        self.each = policies.iter().map(|policy| governor(policy, &self.clock)).collect();
    }

    /// Stops comparing, since governor does not support refunds.
    pub(super) fn leave(&mut self) {
        self.each.clear();
    }

    /// Compares the limiters with the outcome of the memory, to the nanosecond. A limiter charges when it allows:
    /// where another policy has denied, limiters that would have allowed are skipped.
    pub(super) fn agree(
        &mut self,
        expected: &Outcome,
        denied: bool,
        cost: u32,
    ) -> Result<(), TestCaseError> {
        // governor multiplies before it compares, which overflows for the largest cost.
        let units = NonZeroU32::new(cost).filter(|units| units.get() < u32::MAX);
        let Some(units) = units else { return Ok(()) };
        for (governor, state) in self.each.iter().zip(&expected.states) {
            let Some(governor) = governor.as_ref().filter(|_| !denied || state.is_denied()) else {
                continue;
            };
            self.asked += 1;
            match governor.check_n(units) {
                Ok(Ok(snapshot)) => {
                    prop_assert_eq!(state.decision, Decision::Allow);
                    prop_assert_eq!(state.remaining, snapshot.remaining_burst_capacity());
                }
                Ok(Err(not_until)) => {
                    let wait = Some(not_until.wait_time_from(self.clock.now()));
                    prop_assert_eq!(state.decision, Decision::Deny { wait });
                }
                Err(_) => prop_assert_eq!(state.decision, Decision::Deny { wait: None }),
            }
        }
        Ok(())
    }

    pub(super) const fn asked(&self) -> usize {
        self.asked
    }
}

fn governor(policy: &Policy, clock: &FakeRelativeClock) -> Option<Governor> {
    let numbers = policy.rule().numbers();
    let burst = NonZeroU32::new(numbers.units).filter(|_| numbers.kind == 1)?;
    let interval = policy.period().as_nanos().div_ceil(policy.quota().into());
    let quota = Quota::with_period(Duration::from_nanos(interval.try_into().unwrap())).unwrap();
    let limiter = RateLimiter::direct_with_clock(quota.allow_burst(burst), clock.clone());
    Some(limiter.with_middleware())
}
