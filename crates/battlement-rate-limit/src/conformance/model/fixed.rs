use super::charge::{Charge, remove, sum};

/// A window that begins with the first charge after the end of the previous one.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    period: u64,
    /// The start of the latest window.
    start: Option<u64>,
    charges: Vec<Charge>,
}

impl Fixed {
    pub(super) const fn new(period: u64) -> Self {
        Self { period, start: None, charges: Vec::new() }
    }

    pub(super) fn used(&self, now: u64) -> u64 {
        if now < self.expires_at() { sum(&self.charges) } else { 0 }
    }

    pub(super) fn charge(&mut self, now: u64, charge: Charge) {
        if now >= self.expires_at() {
            self.start = Some(now);
            self.charges.clear();
        }
        self.charges.push(charge);
    }

    pub(super) fn refund(&mut self, _: u64, id: usize) {
        remove(&mut self.charges, id);
    }

    pub(super) fn settle(&mut self, now: u64) {
        self.start = self.start.map(|start| start.min(now));
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.period);
    }

    pub(super) fn expires_at(&self) -> u64 {
        self.start.map_or(0, |start| start + self.period)
    }
}
