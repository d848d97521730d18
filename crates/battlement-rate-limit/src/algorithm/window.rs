use std::time::Duration;

use super::Cell;

/// A quota for windows of one length, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(super) quota: u32,
    pub(super) period: u64,
    /// Identifies the period in cells.
    rule: u32,
}

impl Window {
    /// Creates a window; the period was checked to fit.
    pub(crate) fn new(quota: u32, period: Duration) -> Self {
        Self::of_nanos(quota, u64::try_from(period.as_nanos()).unwrap_or(u64::MAX / 4))
    }

    fn of_nanos(quota: u32, period: u64) -> Self {
        // Rounded up, so that a conversion never takes longer than the new period.
        let micros = micros(period) as f32;
        let is_less = f64::from(micros) < self::micros(period);
        let micros = if is_less { micros.next_up() } else { micros };
        Self { quota, period, rule: micros.to_bits() }
    }

    /// Returns a cell of this window that expires at `until`.
    pub(super) const fn cell(&self, until: u64, used: u32, before: u32) -> Cell {
        Cell { until, state: used as u64 | (before as u64) << 32, rule: self.rule }
    }

    pub(super) const fn wrote(&self, cell: Cell) -> bool {
        cell.rule == self.rule
    }

    /// Returns the cell as this window would have written it; its cells last for `windows` periods.
    ///
    /// A cell of another period keeps its units and the share of its period that has passed.
    pub(super) fn settle(&self, cell: Cell, now: u64, windows: u32) -> Cell {
        let left = cell.until.saturating_sub(now);
        let most = self.period * u64::from(windows);
        if self.wrote(cell) {
            return if left > most { Cell { until: now + most, ..cell } } else { cell };
        }
        if left == 0 {
            return cell;
        }
        let periods = micros(left) / f64::from(f32::from_bits(cell.rule));
        let is_possible = (0.0..f64::from(windows)).contains(&periods);
        let periods = if is_possible { periods } else { windows.into() };
        // Whole microseconds, as Redis counts.
        let left = (periods * micros(self.period)) as u64 * 1_000;
        Cell { until: now + left.min(most), rule: self.rule, ..cell }
    }

    pub(super) fn numbers(&self, kind: u8) -> super::Numbers {
        let scale = f64::from(f32::from_bits(self.rule));
        super::Numbers { kind, nanos: self.period, units: self.quota, rule: 0, scale }
    }

    pub(super) fn in_micros(&self) -> Self {
        Self::of_nanos(self.quota, self.period.next_multiple_of(1_000))
    }
}

/// The counts of a window's cell.
impl Cell {
    pub(super) const fn of_window(
        until: u64,
        [used, before]: [u32; 2],
        period_micros: f64,
    ) -> Self {
        let state = used as u64 | (before as u64) << 32;
        Self { until, state, rule: (period_micros as f32).to_bits() }
    }

    pub(super) const fn used(self) -> u32 {
        self.state as u32
    }

    pub(super) const fn before(self) -> u32 {
        (self.state >> 32) as u32
    }

    pub(super) const fn with_units(self, used: u32, before: u32) -> Self {
        Self { state: used as u64 | (before as u64) << 32, ..self }
    }
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}
