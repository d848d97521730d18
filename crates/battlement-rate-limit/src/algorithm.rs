//! Decisions about one cell: pure functions, with the time as an argument.

mod fixed;
mod gcra;
mod sliding;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use self::{gcra::Gcra, window::Window};

/// The state of one key under one policy. Times are nanoseconds since the store was created.
///
/// The default is the cell of a key that the store does not hold, and every cell expires to that in time. A cell
/// carries the numbers of the rule that wrote it, so that a policy whose numbers have changed can
/// [settle](Rule::settle) it.
///
/// A cell is packed into 20 bytes, so that an entry of the store, including the key, is half a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, packed(4))]
pub(crate) struct Cell {
    /// The time at which the cell expires: the theoretical arrival time of GCRA, or the end of its windows.
    pub(crate) until: u64,
    /// For a window, the used units of the current window in the lower half and of the previous one in the upper half.
    /// For GCRA, the nanoseconds until one unit is restored, as the bits of an `f64`.
    pub(crate) state: u64,
    /// Identifies the rule that wrote the cell. For a window, its period in microseconds, as the bits of an `f32`.
    pub(crate) rule: u32,
}

/// A denied cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Nanoseconds until the cost would be allowed; `None` if it never is.
    pub(crate) wait: Option<u64>,
}

/// The remaining units of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) units: u32,
    /// Nanoseconds until more units are available.
    pub(crate) reset: u64,
}

/// The algorithm of a policy with its numbers.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Gcra(Gcra),
    Fixed(Window),
    Sliding(Window),
}

impl Rule {
    /// Takes `cost` from the cell, if that is allowed, and returns the remaining units.
    #[inline]
    pub(crate) fn charge(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> (Result<(), Denied>, Remaining) {
        match self {
            Self::Gcra(gcra) => gcra.charge(cell, now, cost),
            _ => self.charge_window(cell, now, cost),
        }
    }

    #[inline(never)]
    fn charge_window(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> (Result<(), Denied>, Remaining) {
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
        match self {
            Self::Gcra(gcra) => gcra.settle(cell, now),
            Self::Fixed(window) => window.settle(cell, now, 1),
            Self::Sliding(window) => window.settle(cell, now, 2),
        }
    }

    /// Returns the settled cell after `cost` more units, if that is allowed.
    pub(crate) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        match self {
            Self::Gcra(gcra) => gcra.take(cell, now, cost),
            Self::Fixed(window) => window.take_fixed(cell, now, cost),
            Self::Sliding(window) => window.take_sliding(cell, now, cost),
        }
    }

    /// Returns the remaining units of a settled cell.
    pub(crate) fn remaining(&self, cell: Cell, now: u64) -> Remaining {
        match self {
            Self::Gcra(gcra) => gcra.remaining(cell, now),
            Self::Fixed(window) => window.remaining_fixed(cell, now),
            Self::Sliding(window) => window.remaining_sliding(cell, now),
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
        match self {
            Self::Gcra(gcra) => gcra.refund(cell, now, cost, then, left),
            Self::Fixed(window) => window.refund_fixed(cell, now, cost, then),
            Self::Sliding(window) => window.refund_sliding(cell, now, cost, then),
        }
    }
}

/// A rule as arguments of the Redis script.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// 1 is GCRA, 2 a fixed window, 3 a sliding window.
    pub(crate) kind: u8,
    /// The interval or period in nanoseconds.
    pub(crate) nanos: u64,
    pub(crate) units: u32,
    /// Identifies the rule in cells of GCRA.
    pub(crate) rule: u32,
    /// The number that its cells carry: nanoseconds of a unit, or microseconds of a period.
    pub(crate) scale: f64,
}

#[cfg(feature = "redis")]
impl Rule {
    pub(crate) fn numbers(&self) -> Numbers {
        match self {
            Self::Gcra(gcra) => gcra.numbers(),
            Self::Fixed(window) => window.numbers(2),
            Self::Sliding(window) => window.numbers(3),
        }
    }

    /// Returns the rule as the script applies it: windows last whole microseconds.
    pub(crate) fn in_micros(&self) -> Self {
        match self {
            Self::Gcra(gcra) => Self::Gcra(gcra.clone()),
            Self::Fixed(window) => Self::Fixed(window.in_micros()),
            Self::Sliding(window) => Self::Sliding(window.in_micros()),
        }
    }
}

impl Cell {
    /// Returns whether the cell has expired.
    pub(crate) const fn is_spent(self, now: u64) -> bool {
        self.until <= now
    }
}
