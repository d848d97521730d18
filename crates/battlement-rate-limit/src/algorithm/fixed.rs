use super::{Cell, Denied, Remaining, Window};

/// Fixed windows. All cells are settled.
impl Window {
    pub(super) fn take_fixed(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let cell = self.open_fixed(cell, now);
        match cell.used().checked_add(cost).filter(|used| *used <= self.quota) {
            Some(used) => Ok(cell.with_units(used, 0)),
            None if cost > self.quota => Err(Denied { wait: None }),
            None => Err(Denied { wait: Some(cell.until - now) }),
        }
    }

    pub(super) fn remaining_fixed(&self, cell: Cell, now: u64) -> Remaining {
        let cell = self.open_fixed(cell, now);
        let reset = if cell.used() == 0 { 0 } else { cell.until - now };
        Remaining { units: self.quota.saturating_sub(cell.used()), reset }
    }

    pub(super) fn refund_fixed(&self, cell: Cell, now: u64, cost: u32, then: u64) -> Cell {
        let without = |cell: Cell| cell.with_units(cell.used().saturating_sub(cost), 0);
        if !self.wrote(cell) {
            return without(cell);
        }
        let open = self.open_fixed(self.settle(cell, now, 1), now);
        // The window may have begun before the clock of the store, under a policy that was replaced by a longer one.
        let began = open.until.saturating_sub(self.period);
        if then < began { cell } else { without(open) }
    }

    /// Returns the cell with the window that is open at `now`; a new window begins at `now` if none is.
    fn open_fixed(&self, cell: Cell, now: u64) -> Cell {
        if cell.is_spent(now) { self.cell(now + self.period, 0, 0) } else { cell }
    }
}
