use std::time::Duration;

use super::{Cell, Gcra, Numbers, Window, cell::LAST, denied::Denied, remaining::Remaining};
use crate::{Algorithm, PolicyState};

/// The algorithm of a policy with its numbers; returned by [`Policy::rule`](crate::Policy::rule).
#[derive(Clone, Debug)]
pub struct Rule(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Gcra(Gcra),
    Fixed(Window),
    Sliding(Window),
}

impl Rule {
    /// Creates a rule of `capacity` units, or of `quota` in each window; the numbers were checked to fit.
    pub(crate) fn new(algorithm: Algorithm, quota: u32, period: Duration, capacity: u32) -> Self {
        Self(match algorithm {
            Algorithm::Gcra => Kind::Gcra(Gcra::new(interval(quota, period), capacity)),
            Algorithm::FixedWindow => Kind::Fixed(Window::new(quota, period)),
            Algorithm::SlidingWindow => Kind::Sliding(Window::new(quota, period)),
        })
    }

    /// Returns the algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Kind::Gcra(_) => Algorithm::Gcra,
            Kind::Fixed(_) => Algorithm::FixedWindow,
            Kind::Sliding(_) => Algorithm::SlidingWindow,
        }
    }

    /// Returns the state of a key with this cell, with the decision about `cost`, at `now` by the clock of the store.
    ///
    /// [`peek`](super::peek) does the same for all policies of a [`Query`](crate::Query). This function is for a store
    /// that decides elsewhere and returns the cell.
    #[must_use]
    pub fn peek(&self, cell: Cell, now: u64, cost: u32) -> PolicyState {
        let now = now.min(LAST);
        let cell = self.settle(cell, now);
        PolicyState::new(self.take(cell, now, cost).map(drop), self.remaining(cell, now))
    }

    /// Takes `cost` from the cell, if that is allowed, and returns the remaining units.
    #[inline]
    pub(crate) fn charge(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> (Result<(), Denied>, Remaining) {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.charge(cell, now, cost),
            _ => None,
        }
        .unwrap_or_else(|| self.charge_any(cell, now, cost))
    }

    /// Charges a cell of any algorithm, settled or not.
    #[inline(never)]
    fn charge_any(&self, cell: &mut Cell, now: u64, cost: u32) -> (Result<(), Denied>, Remaining) {
        *cell = self.settle(*cell, now);
        let taken = self.take(*cell, now, cost);
        if let Ok(after) = taken
            && cost > 0
        {
            *cell = after;
        }
        (taken.map(|_| ()), self.remaining(*cell, now))
    }

    /// Returns the cell as this rule would have written it.
    ///
    /// If a rule with other numbers wrote it, the units stay used, as [`Policy`](crate::Policy) promises. If it
    /// expires later than this rule allows, because a burst became smaller or a clock was set back, it is cut.
    ///
    /// A caller that reports a wait to a client must store the result. Otherwise the cell is settled again later, and
    /// the same wait starts again.
    #[inline]
    pub(crate) fn settle(&self, cell: Cell, now: u64) -> Cell {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.settle(cell, now),
            Kind::Fixed(window) => window.settle(cell, now, 1),
            Kind::Sliding(window) => window.settle(cell, now, 2),
        }
    }

    /// Returns the settled cell after `cost` more units, if that is allowed.
    pub(crate) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.take(cell, now, cost),
            Kind::Fixed(window) => window.take_fixed(cell, now, cost),
            Kind::Sliding(window) => window.take_sliding(cell, now, cost),
        }
    }

    /// Returns the remaining units of a settled cell.
    pub(crate) fn remaining(&self, cell: Cell, now: u64) -> Remaining {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.remaining(cell, now),
            Kind::Fixed(window) => window.remaining_fixed(cell, now),
            Kind::Sliding(window) => window.remaining_sliding(cell, now),
        }
    }

    /// Returns the cell without `cost`, which was taken at `then` and left `left`. Units that have already been
    /// restored are not refunded again. A cell that another rule has written since keeps that rule and gets the same
    /// number of units.
    pub(crate) fn refund(
        &self,
        cell: Cell,
        now: u64,
        cost: u32,
        then: u64,
        left: Remaining,
    ) -> Cell {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.refund(cell, now, cost, then, left),
            Kind::Fixed(window) => window.refund_fixed(cell, now, cost, then),
            Kind::Sliding(window) => window.refund_sliding(cell, now, cost, then),
        }
    }

    /// Returns the numbers of the rule.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        match &self.0 {
            Kind::Gcra(gcra) => gcra.numbers(),
            Kind::Fixed(window) => window.numbers(2),
            Kind::Sliding(window) => window.numbers(3),
        }
    }

    /// Returns the rule of a store that counts in microseconds: the period of a window is rounded up to one. An
    /// interval of GCRA is not rounded, so that the rate remains exact.
    #[must_use]
    pub fn in_micros(&self) -> Self {
        Self(match &self.0 {
            Kind::Gcra(gcra) => Kind::Gcra(gcra.clone()),
            Kind::Fixed(window) => Kind::Fixed(window.in_micros()),
            Kind::Sliding(window) => Kind::Sliding(window.in_micros()),
        })
    }

    /// Creates a cell from the numbers that a store elsewhere has computed.
    ///
    /// | | GCRA | windows |
    /// |---|---|---|
    /// | `until` + first word, or `until` | the time at which all units are restored | the end of the window, or of the window after it if it slides |
    /// | first word | nanoseconds to add to `until` | the used units of the current window |
    /// | second word | the number of the rule that has written the cell | the used units of the previous window |
    /// | `scale` | the nanoseconds in which a used unit is restored | the microseconds of a period |
    #[must_use]
    pub fn cell(&self, until: u64, [first, second]: [u32; 2], scale: f64) -> Cell {
        match self.0 {
            Kind::Gcra(_) => {
                let until = until.saturating_add(first.into());
                Cell { until, state: scale.to_bits(), rule: second }
            }
            Kind::Fixed(_) | Kind::Sliding(_) => Cell::of_window(until, [first, second], scale),
        }
    }
}

/// Returns the time in which a unit is restored, in nanoseconds, rounded up.
pub(crate) fn interval(quota: u32, period: Duration) -> u64 {
    let nanos = period.as_nanos().div_ceil(u128::from(quota.max(1)));
    u64::try_from(nanos).unwrap_or(u64::MAX)
}
