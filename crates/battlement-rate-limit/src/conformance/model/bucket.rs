use super::charge::Charge;

/// A bucket that leaks one unit in each interval: the generic cell rate algorithm.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    interval: u64,
    /// The longest time in which the bucket becomes empty.
    longest: u64,
    /// The time at which the bucket is empty.
    empty_at: u64,
    /// The charges, each with the time at which the bucket would be empty without later ones.
    charges: Vec<(Charge, u64)>,
}

impl Bucket {
    pub(super) fn new(interval: u64, capacity: u32) -> Self {
        let longest = interval * u64::from(capacity);
        Self { interval, longest, empty_at: 0, charges: Vec::new() }
    }

    pub(super) fn used(&self, now: u64) -> u64 {
        self.empty_at.saturating_sub(now).div_ceil(self.interval)
    }

    pub(super) fn charge(&mut self, now: u64, charge: Charge) {
        self.empty_at = self.empty_at.max(now) + self.interval * u64::from(charge.units);
        self.charges.push((charge, self.empty_at));
    }

    /// Removes the units that have not leaked yet: those of a charge leak after those that were in the bucket before.
    pub(super) fn refund(&mut self, now: u64, id: usize) {
        let Some((charge, empty_at)) = self.charges.iter().find(|(charge, _)| charge.id == id)
        else {
            return;
        };
        let units = self.interval * u64::from(charge.units);
        let left = units.min(empty_at.saturating_sub(now));
        self.empty_at = self.empty_at.saturating_sub(left).max(now);
    }

    pub(super) fn settle(&mut self, now: u64) {
        self.empty_at = self.empty_at.min(now + self.longest);
    }

    pub(super) fn reset(&mut self) {
        self.empty_at = 0;
        self.charges.clear();
    }

    pub(super) const fn expires_at(&self) -> u64 {
        self.empty_at
    }
}
