use std::{borrow::Cow, sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::{task::AbortHandle, time::Instant};

use crate::{
    CheckKind, CheckReport, Runs, Status, Transition, beat::Beat, limits::Rules, name::Name,
    probe::Probes, state::State,
};

/// An entry that is about to be registered.
#[derive(Debug)]
pub(crate) struct NewEntry {
    pub(crate) name: Name,
    pub(crate) kind: CheckKind,
    pub(crate) probes: Probes,
    pub(crate) source: Source,
}

/// The origin of the result of an entry.
#[derive(Debug)]
pub(crate) enum Source {
    /// Runs in the background.
    Runs { state: State, rules: Rules },
    /// A value that is set.
    Set(CheckState),
    /// Beats, whose delay is computed when the result is read.
    Beats { beat: Arc<Beat>, critical: bool },
}

/// The status of an entry at one moment.
pub(super) struct Look {
    pub(super) status: Status,
    /// The time until which the status holds unless something happens.
    pub(super) until: Option<Instant>,
    /// The transition to the status, if it has not been reported.
    pub(super) transition: Option<Transition>,
}

/// An entry of the registry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) name: Name,
    pub(super) kind: CheckKind,
    pub(super) probes: Probes,
    pub(super) source: Source,
    /// The status that the log has, or `None` before the first result.
    pub(super) shown: Option<Status>,
    /// The time since which `shown` is the status.
    pub(super) since: Instant,
    pub(super) runs: Runs,
    pub(super) took: Option<Duration>,
    pub(super) restarts: u64,
    /// The number of handles that share the entry.
    pub(super) handles: u32,
    /// Whether the entry may be replaced by one of the same name and kind.
    pub(super) is_abandoned: bool,
    pub(super) task: Option<AbortHandle>,
}

impl Entry {
    pub(super) fn new(id: u64, new: NewEntry, now: Instant) -> Self {
        let NewEntry { name, kind, probes, source } = new;
        // The first status of a hold and of a check, once it has a result, is a transition.
        let is_silent = !matches!(kind, CheckKind::Check | CheckKind::Hold);
        let mut entry = Self {
            id,
            name,
            kind,
            probes,
            source,
            shown: None,
            since: now,
            runs: Runs::default(),
            took: None,
            restarts: 0,
            handles: 1,
            is_abandoned: false,
            task: None,
        };
        if is_silent {
            entry.shown = Some(entry.capped(&entry.state(now)));
        }
        entry
    }

    /// Takes the place of an abandoned entry, so that the log has the change from its last status.
    pub(super) const fn replace(&mut self, abandoned: &Self) {
        (self.shown, self.since) = (abandoned.shown, abandoned.since);
    }

    /// Returns the status that counts at `now`, with the transition to it from the status that was reported last.
    pub(super) fn look(&mut self, now: Instant) -> Look {
        let (state, until) = match &self.source {
            Source::Runs { state, rules } => (state.read(now, rules), state.stale_at(now, rules)),
            Source::Set(state) => (Cow::Borrowed(state), None),
            Source::Beats { beat, .. } => {
                let (state, until) = beat.judge(now);
                (Cow::Owned(state), until)
            }
        };
        let status = self.capped(&state);
        let is_told = self.shown == Some(status) || !self.has_result();
        let transition =
            (!is_told).then(|| self.transition(status, state.reason().to_owned(), now));
        if !is_told {
            (self.shown, self.since) = (Some(status), now);
        }
        Look { status, until, transition }
    }

    /// Returns the transition of an entry that is about to be removed, if it did not pass.
    pub(super) fn end(&self, now: Instant) -> Option<Transition> {
        let reason = if self.kind == CheckKind::Hold { "released" } else { "unregistered" };
        let passes = self.shown.is_none_or(|shown| shown == Status::Pass);
        (!passes).then(|| self.transition(Status::Pass, reason.to_owned(), now))
    }

    fn transition(&self, to: Status, reason: String, now: Instant) -> Transition {
        Transition {
            name: self.name.clone(),
            kind: self.kind,
            from: self.shown,
            to,
            reason: reason.into(),
            after: now.saturating_duration_since(self.since),
        }
    }

    /// Returns the result at `now`.
    fn state(&self, now: Instant) -> Cow<'_, CheckState> {
        match &self.source {
            Source::Runs { state, rules } => state.read(now, rules),
            Source::Set(state) => Cow::Borrowed(state),
            Source::Beats { beat, .. } => Cow::Owned(beat.state(now)),
        }
    }

    fn capped(&self, state: &CheckState) -> Status {
        let worst = if self.is_critical() { Status::Fail } else { Status::Degraded };
        Status::of(state).min(worst)
    }

    /// Returns whether the entry has a result, or waits for its first run.
    const fn has_result(&self) -> bool {
        !matches!(&self.source, Source::Runs { state, .. } if !state.has_result())
    }

    pub(super) fn report(&self, now: Instant) -> CheckReport {
        let state = self.state(now);
        let age = match &self.source {
            Source::Runs { state, .. } => state.age(now),
            Source::Set(_) => None,
            Source::Beats { beat, .. } => Some(beat.age(now)),
        };
        CheckReport {
            name: self.name.clone(),
            kind: self.kind,
            status: self.capped(&state),
            state: state.into_owned(),
            critical: self.is_critical(),
            age,
            took: self.took,
            runs: self.runs,
        }
    }

    const fn is_critical(&self) -> bool {
        match &self.source {
            Source::Runs { rules, .. } => rules.critical,
            Source::Set(_) => true,
            Source::Beats { critical, .. } => *critical,
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
