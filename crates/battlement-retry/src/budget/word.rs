use std::time::Duration;

use super::STEP_NANOS;

/// The state of a budget, which fits one atomic word: the current step of the window (24 bits), and the totals of
/// requests and of retries (20 bits each). The totals wrap; only differences of two words matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) slot: u64,
    pub(super) requests: u64,
    pub(super) retries: u64,
}

const SLOT_BITS: u32 = 24;
const COUNT_BITS: u32 = 20;

/// The largest count in one window.
pub(super) const MOST: u64 = (1 << COUNT_BITS) - 1;

const STEPS_PER_SECOND: u64 = (1_000_000_000 / STEP_NANOS) as u64;

/// The steps, 64 seconds, by which a caller's clock may lag behind that of another thread.
const LAG: u64 = 256;

/// Returns the step of a time since the start, as a word stores it. It repeats after 48 days.
pub(super) const fn slot(since: Duration) -> u64 {
    // All nanoseconds have 128 bits, whose division is costly. An overflow leaves the lower 24 bits as they are.
    let seconds = since.as_secs().wrapping_mul(STEPS_PER_SECOND);
    let steps = seconds.wrapping_add((since.subsec_nanos() / STEP_NANOS) as u64);
    steps & ((1 << SLOT_BITS) - 1)
}

impl Word {
    pub(super) const fn pack(self) -> u64 {
        self.slot << (2 * COUNT_BITS) | self.requests << COUNT_BITS | self.retries
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            slot: word >> (2 * COUNT_BITS),
            requests: word >> COUNT_BITS & MOST,
            retries: word & MOST,
        }
    }

    /// Returns the number of steps from this word's to `slot`; 0 if `slot` is earlier, as it is for a thread that read
    /// the clock before another.
    pub(super) const fn steps_to(self, slot: u64) -> u64 {
        let steps = difference(slot, self.slot, SLOT_BITS);
        if steps > (1 << SLOT_BITS) - LAG { 0 } else { steps }
    }

    pub(super) const fn add(self, requests: u64, retries: u64) -> Self {
        Self {
            requests: (self.requests + requests) & MOST,
            retries: (self.retries + retries) & MOST,
            ..self
        }
    }

    pub(super) const fn take_retries(self, retries: u64) -> Self {
        Self { retries: difference(self.retries, retries, COUNT_BITS), ..self }
    }

    /// Returns the requests since `then`.
    pub(super) const fn requests_since(self, then: Self) -> u64 {
        difference(self.requests, then.requests, COUNT_BITS)
    }

    /// Returns the retries since `then`.
    pub(super) const fn retries_since(self, then: Self) -> u64 {
        difference(self.retries, then.retries, COUNT_BITS)
    }
}

/// Returns the slot `steps` before `slot`.
pub(super) const fn before(slot: u64, steps: u64) -> u64 {
    difference(slot, steps, SLOT_BITS)
}

/// Returns the slot `steps` after `slot`.
pub(super) const fn after(slot: u64, steps: u64) -> u64 {
    (slot + steps) & ((1 << SLOT_BITS) - 1)
}

const fn difference(one: u64, other: u64, bits: u32) -> u64 {
    one.wrapping_sub(other) & ((1 << bits) - 1)
}
