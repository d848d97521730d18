use super::{Cell, Denied, Remaining, Window};

/// The windows at a point in time.
struct OpenWindow {
    cell: Cell,
    /// The time since the window began.
    elapsed: u64,
}

/// Sliding windows. All cells are settled.
impl Window {
    pub(super) fn take_sliding(&self, cell: Cell, now: u64, cost: u32) -> Result<Cell, Denied> {
        let open = self.open_sliding(cell, now);
        let used = self.used(&open).saturating_add(u64::from(cost));
        if used <= u64::from(self.quota) {
            return Ok(open.cell.with_units(open.cell.used() + cost, open.cell.before()));
        }
        Err(Denied { wait: self.wait(&open, cost) })
    }

    pub(super) fn remaining_sliding(&self, cell: Cell, now: u64) -> Remaining {
        let open = self.open_sliding(cell, now);
        let left = u64::from(self.quota).saturating_sub(self.used(&open));
        let units = u32::try_from(left).unwrap_or(self.quota);
        let reset = if units == self.quota { Some(0) } else { self.wait(&open, units + 1) };
        Remaining { units, reset: reset.unwrap_or_default() }
    }

    pub(super) fn refund_sliding(&self, cell: Cell, now: u64, cost: u32, then: u64) -> Cell {
        if !self.wrote(cell) {
            // The cost was taken from one window or the other before the period changed.
            let rest = cost.saturating_sub(cell.before());
            let before = cell.before().saturating_sub(cost);
            return cell.with_units(cell.used().saturating_sub(rest), before);
        }
        let OpenWindow { cell, elapsed } = self.open_sliding(self.settle(cell, now, 2), now);
        let [used, before] = [cell.used(), cell.before()];
        // The window may have begun before the clock of the store, under a policy that was replaced by a longer one.
        let began = now.saturating_sub(elapsed);
        if then >= began {
            cell.with_units(used.saturating_sub(cost), before)
        } else if then >= began.saturating_sub(self.period) {
            cell.with_units(used, before.saturating_sub(cost))
        } else {
            cell
        }
    }

    /// Returns the units that count as used, rounded up.
    fn used(&self, open: &OpenWindow) -> u64 {
        let rest = u128::from(self.period - open.elapsed);
        let before = (u128::from(open.cell.before()) * rest).div_ceil(u128::from(self.period));
        u64::from(open.cell.used()) + u64::try_from(before).unwrap_or(u64::MAX / 2)
    }

    /// Returns the nanoseconds until `cost` fits.
    fn wait(&self, open: &OpenWindow, cost: u32) -> Option<u64> {
        let room = self.quota.checked_sub(cost)?;
        if let Some(room) = room.checked_sub(open.cell.used()) {
            return Some(self.faded(open.cell.before(), room).saturating_sub(open.elapsed));
        }
        Some(self.period - open.elapsed + self.faded(open.cell.used(), room))
    }

    /// Returns the time into a window at which the previous one, of which `before` was used, counts as `room`.
    fn faded(&self, before: u32, room: u32) -> u64 {
        if before <= room {
            return 0;
        }
        let rest = u128::from(room) * u128::from(self.period) / u128::from(before);
        self.period - u64::try_from(rest).unwrap_or(self.period)
    }

    /// Returns the windows that are open at `now`. A cell lasts until the end of the window after its own.
    fn open_sliding(&self, cell: Cell, now: u64) -> OpenWindow {
        let left = cell.until.saturating_sub(now);
        if left == 0 {
            return OpenWindow { cell: self.cell(now + 2 * self.period, 0, 0), elapsed: 0 };
        }
        if left > self.period {
            return OpenWindow { cell, elapsed: 2 * self.period - left };
        }
        let cell = self.cell(cell.until + self.period, 0, cell.used());
        OpenWindow { cell, elapsed: self.period - left }
    }
}
