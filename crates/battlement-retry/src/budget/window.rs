#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicU64;
#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};

use super::word::{MOST, Word, after, before};

/// The window in steps.
#[cfg(not(battlement_loom))]
pub(super) const STEPS: u64 = 40;
#[cfg(battlement_loom)]
pub(super) const STEPS: u64 = 2;

/// The entries of the ring: a power of two that exceeds the steps of the window by at least two.
const RING: usize = if STEPS > 2 { 64 } else { 4 };

/// The counts of a sliding window: one word that decides, and a ring of its former values.
///
/// Every request and every retry replaces the word. The thread that moves it to a new slot also stores, in the ring, its value
/// at the start of each slot that has begun. The counts of the window are the difference between the word and an entry
/// of the ring. Since an entry does not change in the slot of the word, the comparison of counts and the replacement
/// of the word are one atomic step.
#[derive(Debug)]
pub(super) struct Window {
    word: AtomicU64,
    ring: [AtomicU64; RING],
}

impl Window {
    /// Counts a request.
    pub(super) fn deposit(&self, slot: u64) {
        self.replace(Some(slot), |old, now| {
            // At the highest count the window is saturated, and does not wrap.
            let requests = u64::from(self.requests(old, now) < MOST);
            Some(now.add(requests, 0))
        });
    }

    /// Counts `cost` retries, if `allowed` is true for the counts of the window with them. Returns the slot in which
    /// they are counted.
    pub(super) fn withdraw(
        &self,
        slot: u64,
        cost: u64,
        allowed: impl Fn(u64, u64) -> bool,
    ) -> Option<u64> {
        self.replace(Some(slot), |old, now| {
            let retries = self.retries(old, now).saturating_add(cost);
            let is_allowed = retries <= MOST && allowed(self.requests(old, now), retries);
            is_allowed.then(|| now.add(0, cost))
        })
    }

    /// Removes `cost` retries that were counted in the slot `taken`.
    pub(super) fn give_back(&self, taken: u64, cost: u64) {
        let slot = self.replace(None, |_, now| {
            // A window that has moved past the retry does not change.
            let is_counted = before(now.slot, taken) <= STEPS;
            is_counted.then(|| now.take_retries(cost))
        });
        // The entries of the slots since then include the retry.
        for step in 1..=slot.map_or(0, |slot| before(slot, taken)) {
            self.take_from_entry(after(taken, step), cost);
        }
    }

    /// Returns the requests and the retries in the window.
    pub(super) fn counts(&self, slot: u64) -> (u64, u64) {
        let old = Word::unpack(self.word.load(Acquire));
        let now = moved(old, slot);
        (self.requests(old, now), self.retries(old, now))
    }

    /// Replaces the word by the result of `change`, which gets the word, and the word moved to `slot` if there is one.
    /// Returns the slot of the new word.
    fn replace(
        &self,
        slot: Option<u64>,
        mut change: impl FnMut(Word, Word) -> Option<Word>,
    ) -> Option<u64> {
        let mut current = self.word.load(Acquire);
        loop {
            let old = Word::unpack(current);
            let now = slot.map_or(old, |slot| moved(old, slot));
            let new = change(old, now)?;
            match self.word.compare_exchange_weak(current, new.pack(), AcqRel, Acquire) {
                Ok(_) => {
                    self.remember(old, new.slot);
                    return Some(new.slot);
                }
                Err(other) => current = other,
            }
        }
    }

    /// Stores the value that the word `old` has had at the start of each slot since, up to `slot`.
    fn remember(&self, old: Word, slot: u64) {
        let steps = before(slot, old.slot);
        // A longer gap replaces every entry.
        let skipped = steps.saturating_sub(RING as u64);
        for step in skipped + 1..=steps {
            let entry = Word { slot: after(old.slot, step), ..old };
            self.ring[index(entry.slot)].store(entry.pack(), Release);
        }
    }

    /// Returns the requests in the window that ends in the slot of `now`, to which `old` is the word before the move.
    /// Requests count for the window at most.
    fn requests(&self, old: Word, now: Word) -> u64 {
        let then = self.at_start(old, before(now.slot, STEPS - 1));
        then.map_or(0, |then| now.requests_since(then))
    }

    /// Returns the retries, likewise. Retries count for the window at least.
    fn retries(&self, old: Word, now: Word) -> u64 {
        let then = self.at_start(old, before(now.slot, STEPS));
        then.map_or(MOST, |then| now.retries_since(then))
    }

    /// Returns the word at the start of `slot`, or `None` if the thread that moved the word has not stored it yet, which
    /// can be seen only after a pause longer than the window.
    fn at_start(&self, old: Word, slot: u64) -> Option<Word> {
        // The slot has begun after the last change.
        if old.steps_to(slot) > 0 {
            return Some(old);
        }
        let entry = Word::unpack(self.ring[index(slot)].load(Acquire));
        (entry.slot == slot).then_some(entry)
    }

    fn take_from_entry(&self, slot: u64, cost: u64) {
        let entry = &self.ring[index(slot)];
        let _ = entry.fetch_update(AcqRel, Acquire, |packed| {
            let word = Word::unpack(packed);
            (word.slot == slot).then(|| word.take_retries(cost).pack())
        });
    }
}

impl Default for Window {
    fn default() -> Self {
        // The word is in the first slot, and the ring has its empty values of the window before.
        let empty = |slot| Word { slot, requests: 0, retries: 0 };
        let window = Self {
            word: AtomicU64::new(empty(0).pack()),
            ring: std::array::from_fn(|_| AtomicU64::new(empty(0).pack())),
        };
        window.remember(empty(before(0, RING as u64)), 0);
        window
    }
}

/// Returns `old` at `slot`, or unchanged if `slot` is not later.
fn moved(old: Word, slot: u64) -> Word {
    Word { slot: after(old.slot, old.steps_to(slot)), ..old }
}

fn index(slot: u64) -> usize {
    // Less than the length of the ring.
    usize::try_from(slot).unwrap_or_default() & (RING - 1)
}
