//! Decisions about one cell: pure, `now` is an argument.

mod fixed;
mod gcra;
mod sliding;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use self::{gcra::Gcra, window::Window};

/// What is kept of one key under one policy. Times are nanoseconds since the store began.
///
/// The default is the cell of somebody who has not been here, and any cell becomes as good as that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// When it is as good as new: the theoretical arrival time of GCRA, or the end of its windows.
    pub(crate) until: u64,
    /// What was used of the window.
    pub(crate) used: u32,
    /// What was used of the window before.
    pub(crate) before: u32,
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// Nanoseconds until as much would be allowed; `None` if it never is.
    pub(crate) wait: Option<u64>,
}

/// How much is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) units: u32,
    /// Nanoseconds until there is more.
    pub(crate) reset: u64,
}

/// A policy's way of counting, with its numbers.
#[derive(Clone, Debug)]
pub(crate) enum Rule {
    Gcra(Gcra),
    Fixed(Window),
    Sliding(Window),
}

impl Rule {
    /// Takes `cost` from the cell, if that is allowed, and says what is left.
    #[inline]
    pub(crate) fn charge(
        &self,
        cell: &mut Cell,
        now: u64,
        cost: u32,
    ) -> (Result<(), Denied>, Left) {
        match self {
            Self::Gcra(gcra) => gcra.charge(cell, now, cost),
            _ => self.charge_window(cell, now, cost),
        }
    }

    #[inline(never)]
    fn charge_window(&self, cell: &mut Cell, now: u64, cost: u32) -> (Result<(), Denied>, Left) {
        let taken = self.take(*cell, now, cost);
        if let Ok(after) = taken
            && cost > 0
        {
            *cell = after;
        }
        (taken.map(|_| ()), self.left(*cell, now))
    }

    /// The cell after `cost` more, if that is allowed.
    pub(crate) fn take(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        match self {
            Self::Gcra(gcra) => gcra.take(cell, now, cost),
            Self::Fixed(window) => window.take_fixed(cell, now, cost),
            Self::Sliding(window) => window.take_sliding(cell, now, cost),
        }
    }

    /// What is left of the cell.
    pub(crate) fn left(&self, cell: Cell, now: u64) -> Left {
        match self {
            Self::Gcra(gcra) => gcra.left(cell, now),
            Self::Fixed(window) => window.left_fixed(cell, now),
            Self::Sliding(window) => window.left_sliding(cell, now),
        }
    }

    /// The cell without `cost`, which was taken at `then` and left `left`. What has come back already is not
    /// given twice.
    pub(crate) fn give_back(&self, cell: Cell, now: u64, cost: u32, then: u64, left: Left) -> Cell {
        match self {
            Self::Gcra(gcra) => gcra.give_back(cell, now, cost, then, left),
            Self::Fixed(window) => window.give_back_fixed(cell, now, cost, then),
            Self::Sliding(window) => window.give_back_sliding(cell, now, cost, then),
        }
    }
}

/// A rule as a script is told it.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// 1 GCRA, 2 a fixed window, 3 a sliding one.
    pub(crate) kind: u8,
    /// Nanoseconds of its interval or period.
    pub(crate) nanos: u64,
    pub(crate) units: u32,
}

#[cfg(feature = "redis")]
impl Rule {
    pub(crate) const fn numbers(&self) -> Numbers {
        match self {
            Self::Gcra(gcra) => gcra.numbers(),
            Self::Fixed(window) => window.numbers(2),
            Self::Sliding(window) => window.numbers(3),
        }
    }

    /// As a script counts: windows last whole microseconds.
    pub(crate) fn in_micros(&self) -> Self {
        match self {
            Self::Gcra(gcra) => Self::Gcra(gcra.clone()),
            Self::Fixed(window) => Self::Fixed(window.in_micros()),
            Self::Sliding(window) => Self::Sliding(window.in_micros()),
        }
    }
}

impl Cell {
    /// Whether it is as good as new.
    pub(crate) const fn is_spent(self, now: u64) -> bool {
        self.until <= now
    }
}
