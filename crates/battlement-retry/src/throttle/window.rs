/// The steps of the window.
pub(super) const STEPS: u64 = 20;

/// The entries of the ring: the steps of the window, and the current one.
const RING: usize = 21;

/// The counts of calls by the step in which they began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All calls, also those that were rejected locally.
    pub(super) calls: u64,
    pub(super) sent: u64,
    pub(super) accepted: u64,
}

/// A sliding window of [`STEPS`] whole steps, and the current one.
#[derive(Debug, Default)]
pub(super) struct Window {
    last: u64,
    ring: [Counts; RING],
    total: Counts,
}

impl Window {
    /// Returns the counts of the window that ends in `slot`.
    pub(super) fn counts(&mut self, slot: u64) -> Counts {
        self.advance(slot);
        self.total
    }

    /// Records a call, and returns the slot in which it counts.
    pub(super) fn record(&mut self, slot: u64, is_sent: bool) -> u64 {
        self.advance(slot);
        let call = Counts { calls: 1, sent: u64::from(is_sent), accepted: 0 };
        self.add(self.last, call);
        self.last
    }

    /// Records the acceptance of a call that was recorded in `slot`, unless the window has moved past it.
    pub(super) fn accept(&mut self, slot: u64) {
        if self.has(slot) {
            self.add(slot, Counts { accepted: 1, ..Counts::default() });
        }
    }

    /// Removes a call that was recorded as sent in `slot`, unless the window has moved past it.
    pub(super) fn cancel(&mut self, slot: u64) {
        if self.has(slot) {
            for total in [&mut self.ring[index(slot)], &mut self.total] {
                total.calls -= 1;
                total.sent -= 1;
            }
        }
    }

    const fn has(&self, slot: u64) -> bool {
        self.last - slot <= STEPS
    }

    fn add(&mut self, slot: u64, counts: Counts) {
        for total in [&mut self.ring[index(slot)], &mut self.total] {
            total.calls += counts.calls;
            total.sent += counts.sent;
            total.accepted += counts.accepted;
        }
    }

    /// Moves the window to `slot`, unless it is earlier.
    fn advance(&mut self, slot: u64) {
        let steps = slot.saturating_sub(self.last);
        for step in 1..=steps.min(RING as u64) {
            let expired = std::mem::take(&mut self.ring[index(self.last + step)]);
            self.total.calls -= expired.calls;
            self.total.sent -= expired.sent;
            self.total.accepted -= expired.accepted;
        }
        self.last += steps;
    }
}

fn index(slot: u64) -> usize {
    // Less than the length of the ring.
    usize::try_from(slot % RING as u64).unwrap_or_default()
}
