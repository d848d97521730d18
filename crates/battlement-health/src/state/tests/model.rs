use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{Status, limits::Rules};

/// All results since the last gap, and the one that counts.
pub(super) struct Model {
    rules: Rules,
    history: Vec<(CheckState, Instant)>,
    counts: Option<CheckState>,
}

impl Model {
    pub(super) const fn new(rules: &Rules) -> Self {
        Self { rules: *rules, history: Vec::new(), counts: None }
    }

    pub(super) fn record(&mut self, result: CheckState, now: Instant) {
        if self.is_stale(now) {
            (self.history, self.counts) = (Vec::new(), None);
        }
        self.history.push((result.clone(), now));
        let Some(counts) = self.counts.clone().filter(|counts| !same(counts, &result)) else {
            self.counts = Some(result);
            return;
        };
        let worse = self.last(self.rules.fail_after);
        if worse.iter().all(|run| Status::of(run) > Status::of(&counts)) && !worse.is_empty() {
            let mildest = worse.iter().map(Status::of).min();
            self.counts = worse.into_iter().rfind(|run| Some(Status::of(run)) == mildest);
        }
        let better = self.last(self.rules.recover_after);
        if better.iter().all(|run| Status::of(run) < Status::of(&counts)) && !better.is_empty() {
            let worst = better.iter().map(Status::of).max();
            self.counts = better.into_iter().rfind(|run| Some(Status::of(run)) == worst);
        }
    }

    pub(super) fn read(&self, now: Instant) -> CheckState {
        match (&self.counts, self.history.last()) {
            (None, _) | (_, None) => CheckState::fail("no result yet"),
            (Some(counts), Some((_, at))) if self.is_stale(now) => {
                let age = now.duration_since(*at).as_secs();
                CheckState::fail(format!("no result for {age} s; the last one was {counts}"))
            }
            (Some(counts), _) => counts.clone(),
        }
    }

    /// Returns the last `runs` results, or none if there are fewer.
    fn last(&self, runs: u32) -> Vec<CheckState> {
        let first = self.history.len().checked_sub(runs as usize);
        let runs = first.map(|first| &self.history[first..]).unwrap_or_default();
        runs.iter().map(|(run, _)| run.clone()).collect()
    }

    fn is_stale(&self, now: Instant) -> bool {
        let last = self.history.last();
        last.is_some_and(|(_, at)| now.duration_since(*at) >= self.rules.stale_after)
    }
}

fn same(left: &CheckState, right: &CheckState) -> bool {
    Status::of(left) == Status::of(right)
}
