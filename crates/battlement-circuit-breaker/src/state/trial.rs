use crate::HalfOpen;

/// The probes of one half-open period.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    slots: Vec<Slot>,
    issued: u32,
    successes: u32,
    failures: u32,
}

/// A probe on its way.
#[derive(Clone, Copy, Debug)]
struct Slot {
    number: u32,
    deadline: u64,
    /// Whether a message of the response has arrived.
    delivered: bool,
}

/// The result of a trial so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Undecided,
    Recovered,
    Failed,
}

impl Trial {
    /// Admits a probe, if a slot is free, and returns its number.
    pub(super) fn admit(&mut self, rule: HalfOpen, deadline: u64) -> Option<u32> {
        if !self.has_slot(rule) {
            return None;
        }
        self.issued = self.issued.wrapping_add(1);
        self.slots.push(Slot { number: self.issued, deadline, delivered: false });
        Some(self.issued)
    }

    /// Returns the time from which a slot is free: the first deadline, or 0 if one is free now.
    pub(super) fn next_slot(&self, rule: HalfOpen) -> u64 {
        if self.has_slot(rule) {
            return 0;
        }
        self.slots.iter().map(|slot| slot.deadline).min().unwrap_or(0)
    }

    /// Records the result of a probe that still has its slot.
    pub(super) fn settle(&mut self, number: u32, success: bool, rule: HalfOpen) -> Progress {
        if self.release(number).is_some() {
            self.count(success);
        }
        self.progress(rule)
    }

    /// Frees the slots whose deadline has passed. A probe that has received a message by then is a success.
    pub(super) fn sweep(&mut self, now: u64, rule: HalfOpen) -> Progress {
        let delivered = |slot: &&Slot| slot.deadline <= now && slot.delivered;
        let streaming = self.slots.iter().filter(delivered).count();
        self.slots.retain(|slot| slot.deadline > now);
        (0..streaming).for_each(|_| self.count(true));
        self.progress(rule)
    }

    pub(super) fn give_back(&mut self, number: u32) {
        self.release(number);
    }

    pub(super) fn delivered(&mut self, number: u32) {
        for slot in self.slots.iter_mut().filter(|slot| slot.number == number) {
            slot.delivered = true;
        }
    }

    fn release(&mut self, number: u32) -> Option<Slot> {
        let at = self.slots.iter().position(|slot| slot.number == number)?;
        Some(self.slots.swap_remove(at))
    }

    const fn count(&mut self, success: bool) {
        if success { self.successes += 1 } else { self.failures += 1 }
    }

    /// Returns whether the probes on their way and the results are fewer than the probes of the trial.
    fn has_slot(&self, rule: HalfOpen) -> bool {
        let underway = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        underway.saturating_add(self.successes + self.failures) < rule.probes
    }

    const fn progress(&self, rule: HalfOpen) -> Progress {
        if self.successes >= rule.successes {
            Progress::Recovered
        } else if self.failures > rule.spare() {
            Progress::Failed
        } else {
            Progress::Undecided
        }
    }
}
