use std::{borrow::Cow, sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::{task::AbortHandle, time::Instant};

use crate::{
    CheckKind, CheckReport, Runs, Status, beat::Beat, limits::Rules, name::Name, probe::Probes,
    state::State,
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
        // A hold is told of when it begins; a check, once it has a result.
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
            entry.shown = Some(entry.read(now).0);
        }
        entry
    }

    /// Returns the status that counts at `now`, and the result behind it.
    pub(super) fn read(&self, now: Instant) -> (Status, Cow<'_, CheckState>) {
        let state = match &self.source {
            Source::Runs { state, rules } => state.read(now, rules),
            Source::Set(state) => Cow::Borrowed(state),
            Source::Beats { beat, .. } => Cow::Owned(beat.state(now)),
        };
        let status = Status::of(&state);
        let most = if self.is_critical() { Status::Fail } else { Status::Degraded };
        (status.min(most), state)
    }

    /// Returns whether the entry has a result, or waits for its first run.
    pub(super) fn has_result(&self) -> bool {
        !matches!(&self.source, Source::Runs { state, .. } if !state.has_result())
    }

    /// Returns the time until which the result holds unless something happens.
    pub(super) fn until(&self, now: Instant) -> Option<Instant> {
        match &self.source {
            Source::Runs { state, rules } => state.stale_at(now, rules),
            Source::Set(_) => None,
            Source::Beats { beat, .. } => (!beat.judge(now)).then(|| beat.late_at()),
        }
    }

    pub(super) fn report(&self, now: Instant) -> CheckReport {
        let (status, state) = self.read(now);
        let age = match &self.source {
            Source::Runs { state, .. } => state.age(now),
            Source::Set(_) => None,
            Source::Beats { beat, .. } => Some(beat.age(now)),
        };
        CheckReport {
            name: self.name.clone(),
            kind: self.kind,
            status,
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
