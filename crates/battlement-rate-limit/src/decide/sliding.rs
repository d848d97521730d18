use super::{Cell, Denied, Left, Window};

/// The windows at a moment.
struct Open {
    cell: Cell,
    /// How long the window has lasted.
    elapsed: u64,
}

impl Window {
    pub(super) fn take_sliding(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let open = self.open_sliding(cell, now);
        let used = self.used(&open).saturating_add(u64::from(cost));
        if used <= u64::from(self.quota) {
            return Ok(Cell { used: open.cell.used + cost, ..open.cell });
        }
        Err(Denied { wait: self.wait(&open, cost) })
    }

    pub(super) fn left_sliding(&self, cell: Cell, now: u64) -> Left {
        let open = self.open_sliding(cell, now);
        let left = u64::from(self.quota).saturating_sub(self.used(&open));
        let units = u32::try_from(left).unwrap_or(self.quota);
        let reset = if units == self.quota { Some(0) } else { self.wait(&open, units + 1) };
        Left { units, reset: reset.unwrap_or_default() }
    }

    pub(super) fn give_back_sliding(&self, cell: Cell, now: u64, cost: u32, then: u64) -> Cell {
        let Open { cell, elapsed } = self.open_sliding(cell, now);
        // It may have begun before the clock, under a policy that was replaced by a longer one.
        let began = now.saturating_sub(elapsed);
        if then >= began {
            Cell { used: cell.used.saturating_sub(cost), ..cell }
        } else if then >= began.saturating_sub(self.period) {
            Cell { before: cell.before.saturating_sub(cost), ..cell }
        } else {
            cell
        }
    }

    /// What counts as used, rounded up.
    fn used(&self, open: &Open) -> u64 {
        let rest = u128::from(self.period - open.elapsed);
        let before = (u128::from(open.cell.before) * rest).div_ceil(u128::from(self.period));
        u64::from(open.cell.used) + u64::try_from(before).unwrap_or(u64::MAX / 2)
    }

    /// Nanoseconds until `cost` fits.
    fn wait(&self, open: &Open, cost: u32) -> Option<u64> {
        let room = self.quota.checked_sub(cost)?;
        if let Some(room) = room.checked_sub(open.cell.used) {
            return Some(self.faded(open.cell.before, room).saturating_sub(open.elapsed));
        }
        Some(self.period - open.elapsed + self.faded(open.cell.used, room))
    }

    /// How long a window must last until the one before, of which `before` was used, counts as `room`.
    fn faded(&self, before: u32, room: u32) -> u64 {
        if before <= room {
            return 0;
        }
        let rest = u128::from(room) * u128::from(self.period) / u128::from(before);
        self.period - u64::try_from(rest).unwrap_or(self.period)
    }

    /// A cell lasts until the end of the window after its own.
    fn open_sliding(&self, cell: Cell, now: u64) -> Open {
        let until = cell.until.min(now + 2 * self.period);
        if until <= now {
            let cell = Cell { until: now + 2 * self.period, ..Cell::default() };
            return Open { cell, elapsed: 0 };
        }
        let left = until - now;
        if left > self.period {
            return Open { cell: Cell { until, ..cell }, elapsed: 2 * self.period - left };
        }
        let cell = Cell { until: until + self.period, used: 0, before: cell.used };
        Open { cell, elapsed: self.period - left }
    }
}
