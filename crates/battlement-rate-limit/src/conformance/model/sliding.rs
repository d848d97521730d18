use super::charge::{Charge, remove, sum};

/// Two windows in succession. The charges of the previous one count by the share of the period that is left.
#[derive(Clone, Debug)]
pub(super) struct Sliding {
    period: u64,
    /// The start of the current window.
    start: Option<u64>,
    current: Vec<Charge>,
    previous: Vec<Charge>,
}

impl Sliding {
    pub(super) const fn new(period: u64) -> Self {
        Self { period, start: None, current: Vec::new(), previous: Vec::new() }
    }

    pub(super) fn used(&self, now: u64) -> u64 {
        let Some(start) = self.start.filter(|_| now < self.expires_at()) else { return 0 };
        let (end, current) = (start + self.period, sum(&self.current));
        if now < end {
            return current + self.faded(sum(&self.previous), end - now);
        }
        self.faded(current, end + self.period - now)
    }

    pub(super) fn charge(&mut self, now: u64, charge: Charge) {
        if now >= self.expires_at() {
            *self = Self { start: Some(now), ..Self::new(self.period) };
        }
        self.roll(now);
        self.current.push(charge);
    }

    pub(super) fn refund(&mut self, now: u64, id: usize) {
        self.roll(now);
        remove(&mut self.current, id);
        remove(&mut self.previous, id);
    }

    pub(super) fn settle(&mut self, now: u64) {
        self.start = self.start.map(|start| start.min(now));
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.period);
    }

    pub(super) fn expires_at(&self) -> u64 {
        self.start.map_or(0, |start| start + 2 * self.period)
    }

    /// Makes the window that is open at `now` the current one.
    fn roll(&mut self, now: u64) {
        if let Some(start) = self.start
            && now >= start + self.period
        {
            self.start = Some(start + self.period);
            self.previous = std::mem::take(&mut self.current);
        }
    }

    /// Returns the units that count of `units` if this much of the period is left, rounded up.
    fn faded(&self, units: u64, left: u64) -> u64 {
        let share = (u128::from(units) * u128::from(left)).div_ceil(u128::from(self.period));
        u64::try_from(share).expect("no more than the units")
    }
}
