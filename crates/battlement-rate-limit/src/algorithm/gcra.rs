use std::{
    cell,
    hash::{Hash, Hasher},
    num::NonZeroU32,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference as _},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::StateStore,
};

use super::{Cell, Denied, Remaining};

/// The generic cell rate algorithm, as governor decides it.
///
/// governor's own stores have no peek, no refund, no bound and no second policy. So governor receives a single cell,
/// as the key. All of its times are relative to now, and the cell contains the time by which the state is ahead of
/// now.
#[derive(Debug)]
pub(crate) struct Gcra {
    limiter: RateLimiter<Ahead, StateInKey, Now, NoOpMiddleware<Nanos>>,
    interval: u64,
    capacity: u32,
    /// The number of nanoseconds by which a cell is ahead when all units are used.
    most: u64,
    /// The interval, in the form that cells carry.
    nanos: f64,
    /// Identifies the rule in cells. Even, and not 0.
    rule: u32,
}

/// Set in the rule of a cell from which more units are used than its policy holds.
const OVERDRAWN: u32 = 1;

/// Compensates the rounding of a few operations, so that a whole number of units does not become one more.
const ROUNDED_DOWN: f64 = 1.0 - 4.0 * f64::EPSILON;
/// Below this many nanoseconds, 13 days, rounding is less than a nanosecond.
const EXACT: f64 = (1_u64 << 50) as f64;

/// The number of nanoseconds that a cell is ahead.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ahead(cell::Cell<u64>);

#[derive(Debug)]
struct StateInKey;

#[derive(Clone, Debug)]
struct Now;

impl Clock for Now {
    type Instant = Nanos;

    #[inline]
    fn now(&self) -> Nanos {
        Nanos::default()
    }
}

impl StateStore for StateInKey {
    type Key = Ahead;

    #[inline]
    fn measure_and_replace<T, F, E>(&self, key: &Ahead, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, ahead) = decide(Some(key.0.get().into()))?;
        key.0.set(ahead.into());
        Ok(outcome)
    }
}

/// Required of governor's keys; this key is never looked up.
impl Hash for Ahead {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.get().hash(hasher);
    }
}

impl Clone for Gcra {
    fn clone(&self) -> Self {
        Self::new(self.interval, self.capacity)
    }
}

impl Gcra {
    /// Creates a rule of `capacity` units that are restored one by one, each in `interval` nanoseconds; neither is
    /// zero.
    pub(crate) fn new(interval: u64, capacity: u32) -> Self {
        let interval = interval.max(1);
        let burst = NonZeroU32::new(capacity).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_nanos(interval))
            .expect("an interval of at least a nanosecond")
            .allow_burst(burst);
        let limiter = RateLimiter::new(quota, StateInKey, Now);
        let capacity = burst.get();
        Self {
            limiter,
            interval,
            capacity,
            most: interval.saturating_mul(capacity.into()),
            nanos: double(interval),
            rule: rule_of(interval, capacity),
        }
    }

    pub(super) fn numbers(&self) -> super::Numbers {
        super::Numbers {
            kind: 1,
            nanos: self.interval,
            units: self.capacity,
            rule: self.rule,
            scale: self.nanos,
        }
    }

    /// Combines [`take`](Self::take) and [`remaining`](Self::remaining) for a settled cell; returns `None` for any other.
    #[inline(always)]
    pub(super) fn charge(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> Option<(Result<(), Denied>, Remaining)> {
        let ahead = cell.until.saturating_sub(now);
        if cell.rule != self.rule || ahead > self.most {
            return None;
        }
        Some(match self.decide(ahead, cost) {
            Ok(after) => {
                if cost > 0 {
                    cell.until = now + after;
                }
                (Ok(()), self.remaining_of(after))
            }
            Err(denied) => (Err(denied), self.remaining_of(ahead)),
        })
    }

    #[inline]
    pub(super) fn settle(&self, cell: Cell, now: u64) -> Cell {
        let ahead = cell.until.saturating_sub(now);
        if ahead == 0 || (cell.rule == self.rule && ahead <= self.most) {
            return cell;
        }
        self.settle_other(cell, now, ahead)
    }

    #[cold]
    #[inline(never)]
    fn settle_other(&self, cell: Cell, now: u64, ahead: u64) -> Cell {
        if self.wrote(cell) {
            return Cell { until: now + ahead.min(self.most), ..cell };
        }
        let used = double(ahead) / self.nanos_of(cell);
        let least = used * ROUNDED_DOWN;
        let ahead = used * self.nanos;
        let ahead = if ahead < EXACT { ahead } else { least * self.nanos };
        let ahead = if ahead < double(self.most) { ahead as u64 } else { self.most };
        if least <= f64::from(self.capacity) {
            return self.cell(now, ahead);
        }
        // Rounded up: a client must not gain units from alternating between two policies.
        self.overdrawn(now, ahead, double(ahead) / least.ceil())
    }

    /// Returns the settled cell after `cost` more units.
    #[inline]
    pub(super) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let ahead = cell.until.saturating_sub(now);
        let after = self.decide(ahead, cost)?;
        if ahead == 0 || cell.rule == self.rule {
            return Ok(self.cell(now, after));
        }
        let used = double(ahead) / self.nanos_of(cell) + f64::from(cost);
        Ok(self.overdrawn(now, after, double(after) / used))
    }

    /// Returns the remaining units of a settled cell.
    #[inline]
    pub(super) fn remaining(&self, cell: Cell, now: u64) -> Remaining {
        self.remaining_of(cell.until.saturating_sub(now))
    }

    #[inline]
    const fn cell(&self, now: u64, ahead: u64) -> Cell {
        Cell { until: now + ahead, state: self.nanos.to_bits(), rule: self.rule }
    }

    /// Returns a cell that is `ahead`, in which a rule with other numbers finds one used unit for each `nanos` of
    /// that.
    ///
    /// `nanos` is less than an interval if the cell was cut: this rule lets the client wait only for its own capacity,
    /// but other rules still find all used units.
    fn overdrawn(&self, now: u64, ahead: u64, nanos: f64) -> Cell {
        if nanos < self.nanos {
            let (state, rule) = (nanos.to_bits(), self.rule | OVERDRAWN);
            return Cell { until: now + ahead, state, rule };
        }
        self.cell(now, ahead)
    }

    const fn wrote(&self, cell: Cell) -> bool {
        cell.rule & !OVERDRAWN == self.rule
    }

    /// Returns the nanoseconds in which a used unit of the cell is restored.
    fn nanos_of(&self, cell: Cell) -> f64 {
        let nanos = f64::from_bits(cell.state);
        if nanos > 0.0 && nanos.is_finite() { nanos } else { self.nanos }
    }

    /// Returns the nanoseconds by which a cell is ahead after `cost` was taken, if it was `ahead` before.
    #[inline]
    fn decide(&self, ahead: u64, cost: u32) -> Result<u64, Denied> {
        let Some(cost) = NonZeroU32::new(cost) else { return Ok(ahead) };
        // governor multiplies before it compares, so a large cost would overflow.
        if cost.get() > self.capacity {
            return Err(Denied { wait: None });
        }
        let key = Ahead(cell::Cell::new(ahead));
        match self.limiter.check_key_n(&key, cost) {
            Ok(Ok(())) => Ok(key.0.get()),
            Ok(Err(not_until)) => {
                let wait = not_until.earliest_possible().duration_since(Nanos::default());
                Err(Denied { wait: Some(wait.into()) })
            }
            Err(_) => Err(Denied { wait: None }),
        }
    }

    /// Returns the remaining units of a cell that is ahead by no more than the whole burst.
    #[inline]
    fn remaining_of(&self, ahead: u64) -> Remaining {
        let Some(rest) = ahead.checked_sub(1) else {
            return Remaining { units: self.capacity, reset: 0 };
        };
        // The unit that is restored next, which is used partly or fully, and those after it.
        let after_it = rest / self.interval;
        Remaining { units: self.capacity - 1 - after_it as u32, reset: rest % self.interval + 1 }
    }

    /// Refunds a cost. The units that were taken last are restored last: all of them are restored once the cell is in
    /// the state that it would have without later requests.
    pub(super) fn refund(
        &self,
        cell: Cell,
        now: u64,
        cost: u32,
        then: u64,
        left: Remaining,
    ) -> Cell {
        let taken = self.capacity.saturating_sub(left.units);
        let ahead_then = self.time_of(taken.saturating_sub(1)).saturating_add(left.reset);
        let not_yet_back = ahead_then.saturating_sub(now.saturating_sub(then));
        let given = self.time_of(cost).min(not_yet_back);
        if !self.wrote(cell) {
            let given = double(given) / self.nanos * self.nanos_of(cell);
            let until = cell.until.saturating_sub(given as u64);
            return Cell { until: until.max(now), ..cell };
        }
        let cell = self.settle(cell, now);
        let ahead = cell.until.saturating_sub(now).saturating_sub(given);
        Cell { until: now + ahead, ..cell }
    }

    fn time_of(&self, units: u32) -> u64 {
        self.interval.saturating_mul(units.into())
    }
}

/// Returns bits that most likely differ between rules with different numbers, and are the same in all processes.
const fn rule_of(interval: u64, capacity: u32) -> u32 {
    let mut bits = interval ^ (capacity as u64).rotate_left(32);
    // Two rounds of the finalizer of MurmurHash3.
    bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (bits >> 32) as u32 & !OVERDRAWN | 2
}

/// Returns the number as the script has it, which keeps microseconds and the rest apart.
fn double(nanos: u64) -> f64 {
    (nanos / 1_000) as f64 * 1_000.0 + (nanos % 1_000) as f64
}
