use std::time::Duration;

use super::{bucket::Bucket, charge::Charge, fixed::Fixed, sliding::Sliding};
use crate::{Algorithm, Decision, Policy};

/// The units that a key has used under one policy. Times are in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Level {
    capacity: u32,
    used: Used,
}

#[derive(Clone, Debug)]
enum Used {
    Bucket(Bucket),
    Fixed(Fixed),
    Sliding(Sliding),
}

macro_rules! each {
    ($level:expr, $used:ident => $value:expr) => {
        match $level {
            Used::Bucket($used) => $value,
            Used::Fixed($used) => $value,
            Used::Sliding($used) => $value,
        }
    };
}

impl Level {
    pub(super) fn new(policy: &Policy) -> Self {
        let capacity = policy.capacity();
        let period = u64::try_from(policy.period().as_nanos()).expect("a period of the suite");
        let used = match policy.rule().algorithm() {
            Algorithm::Gcra => {
                Used::Bucket(Bucket::new(period.div_ceil(policy.quota().into()), capacity))
            }
            Algorithm::FixedWindow => Used::Fixed(Fixed::new(period)),
            Algorithm::SlidingWindow => Used::Sliding(Sliding::new(period)),
        };
        Self { capacity, used }
    }

    pub(super) fn fits(&self, now: u64, cost: u32) -> bool {
        cost == 0 || self.used(now) + u64::from(cost) <= self.capacity.into()
    }

    pub(super) fn decide(&self, now: u64, cost: u32) -> Decision {
        if self.fits(now, cost) {
            return Decision::Allow;
        }
        if cost > self.capacity {
            return Decision::Deny { wait: None };
        }
        let wait = self.first(now, |at| self.fits(at, cost)) - now;
        Decision::Deny { wait: Some(Duration::from_nanos(wait)) }
    }

    pub(super) fn remaining(&self, now: u64) -> u32 {
        u32::try_from(self.used(now)).map_or(0, |used| self.capacity.saturating_sub(used))
    }

    /// Returns the time until more units are available, or 0 if all are.
    pub(super) fn reset_after(&self, now: u64) -> u64 {
        let used = self.used(now);
        if used == 0 { 0 } else { self.first(now, |at| self.used(at) < used) - now }
    }

    pub(super) fn charge(&mut self, now: u64, units: u32, id: usize) {
        each!(&mut self.used, used => used.charge(now, Charge { id, units }));
    }

    pub(super) fn refund(&mut self, now: u64, id: usize) {
        if now < self.expires_at() {
            each!(&mut self.used, used => used.refund(now, id));
        }
    }

    /// Adapts to a clock that was set back: units take no longer to be restored than if they had been used just now.
    pub(super) fn settle(&mut self, now: u64) {
        each!(&mut self.used, used => used.settle(now));
    }

    pub(super) fn reset(&mut self) {
        each!(&mut self.used, used => used.reset());
    }

    /// Returns the time from which the key counts as unknown, or 0 if it already does.
    pub(super) fn expires_at(&self) -> u64 {
        each!(&self.used, used => used.expires_at())
    }

    fn used(&self, now: u64) -> u64 {
        each!(&self.used, used => used.used(now))
    }

    /// Returns the first time, not before `now`, at which a condition holds. The condition must remain true once it
    /// holds, and must hold when all units are restored.
    fn first(&self, now: u64, holds: impl Fn(u64) -> bool) -> u64 {
        let (mut from, mut to) = (now, self.expires_at().max(now));
        while from < to {
            let middle = from + (to - from) / 2;
            if holds(middle) { to = middle } else { from = middle + 1 }
        }
        to
    }
}
