use crate::HalfOpen;

/// The probes of one half-open period.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    /// The probes whose calls have not ended.
    probes: Vec<Probe>,
    issued: u32,
    successes: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u32,
    deadline: u64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The probe has its slot, and nothing has arrived.
    Waiting,
    /// The probe has its slot, and a message of the response has arrived.
    Streaming,
    /// The deadline has passed and the slot is another call's. The verdict still counts: without it, an upstream that
    /// always answers after the deadline would never close the breaker.
    Overdue,
    /// The probe streamed at its deadline, and was counted as a success.
    Counted,
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
        let probe = Probe { number: self.issued, deadline, stage: Stage::Waiting };
        self.probes.push(probe);
        Some(self.issued)
    }

    /// Returns the time from which a slot is free: the first deadline, or 0 if one is free now.
    pub(super) fn next_slot(&self, rule: HalfOpen) -> u64 {
        if self.has_slot(rule) {
            return 0;
        }
        self.with_slot().map(|probe| probe.deadline).min().unwrap_or(0)
    }

    /// Records the verdict on a probe.
    pub(super) fn settle(&mut self, number: u32, success: bool, rule: HalfOpen) -> Progress {
        let probe = self.remove(number);
        if probe.is_some_and(|probe| probe.stage != Stage::Counted) {
            self.count(success);
        }
        self.progress(rule)
    }

    /// Frees the slots whose deadline has passed. A probe that streams by then is a success.
    pub(super) fn sweep(&mut self, now: u64, rule: HalfOpen) -> Progress {
        for probe in self.probes.iter_mut().filter(|probe| probe.deadline <= now) {
            probe.stage = match probe.stage {
                Stage::Streaming => {
                    self.successes += 1;
                    Stage::Counted
                }
                Stage::Waiting => Stage::Overdue,
                stage => stage,
            };
        }
        self.progress(rule)
    }

    /// Removes a probe without a verdict.
    pub(super) fn give_back(&mut self, number: u32) {
        self.remove(number);
    }

    /// Notes that a message of a probe's response has arrived.
    pub(super) fn delivered(&mut self, number: u32) {
        for probe in &mut self.probes {
            if probe.number == number && probe.stage == Stage::Waiting {
                probe.stage = Stage::Streaming;
            }
        }
    }

    fn remove(&mut self, number: u32) -> Option<Probe> {
        let at = self.probes.iter().position(|probe| probe.number == number)?;
        Some(self.probes.swap_remove(at))
    }

    const fn count(&mut self, success: bool) {
        if success { self.successes += 1 } else { self.failures += 1 }
    }

    /// Returns whether the probes with a slot and the verdicts are fewer than the probes of the trial.
    fn has_slot(&self, rule: HalfOpen) -> bool {
        let taken = u32::try_from(self.with_slot().count()).unwrap_or(u32::MAX);
        taken.saturating_add(self.successes + self.failures) < rule.probes
    }

    fn with_slot(&self) -> impl Iterator<Item = &Probe> {
        let has_slot = |probe: &&Probe| matches!(probe.stage, Stage::Waiting | Stage::Streaming);
        self.probes.iter().filter(has_slot)
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
