use std::{ops::ControlFlow, time::Duration};

use battlement_core::{CheckState, InvalidField};
use tokio::{task::AbortHandle, time::Instant};

use super::entry::{Entry, Look, NewEntry, Source};
use crate::{
    CheckKind, Probe, RunResult, Status, Summary, Transition,
    name::{self, Name},
};

mod drain;
mod reports;

use self::drain::Drain;

/// The most entries, so that neither reports nor metrics grow without bound.
pub(crate) const MAX: usize = 256;

/// All entries of a registry, in the order of reports.
#[derive(Debug)]
pub(super) struct Entries {
    list: Vec<Entry>,
    next_id: u64,
    drain: Drain,
    /// The time until which the last summary holds.
    until: Option<Instant>,
    /// The time at which the sweep wakes.
    sweep_at: Option<Instant>,
    /// Transitions of entries that were removed since the last summary.
    removed: Vec<Transition>,
    /// The tasks of the registry itself.
    tasks: Vec<AbortHandle>,
}

impl Entries {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            list: Vec::new(),
            next_id: 0,
            drain: Drain::new(now),
            until: None,
            sweep_at: None,
            removed: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// Makes tasks of the registry itself end with the entries.
    pub(super) fn own(&mut self, tasks: impl IntoIterator<Item = AbortHandle>) {
        self.tasks.extend(tasks);
    }

    /// Adds an entry, or joins an equal hold, and returns its id.
    pub(super) fn add(&mut self, new: NewEntry, now: Instant) -> Result<u64, InvalidField> {
        if let Some(message) = name::invalid(&new.name) {
            return Err(InvalidField::new("name", message));
        }
        let abandoned = match self.make_room(&new) {
            ControlFlow::Break(joined) => return joined,
            ControlFlow::Continue(abandoned) => abandoned,
        };
        self.next_id += 1;
        let place = self.list.partition_point(|entry| entry.kind <= new.kind);
        let mut entry = Entry::new(self.next_id, new, now);
        abandoned.iter().for_each(|abandoned| entry.replace(abandoned));
        self.list.insert(place, entry);
        Ok(self.next_id)
    }

    /// Joins a hold of the same name, or removes an abandoned entry of it.
    fn make_room(
        &mut self,
        new: &NewEntry,
    ) -> ControlFlow<Result<u64, InvalidField>, Option<Entry>> {
        let same = self.list.iter_mut().position(|entry| entry.name == new.name);
        if let Some(place) = same {
            let entry = &mut self.list[place];
            if entry.kind == CheckKind::Hold && new.kind == CheckKind::Hold {
                entry.handles += 1;
                return ControlFlow::Break(Ok(entry.id));
            }
            if !entry.is_abandoned || entry.kind != new.kind {
                return ControlFlow::Break(Err(name::taken(&new.name)));
            }
            return ControlFlow::Continue(Some(self.list.remove(place)));
        }
        if self.list.len() == MAX {
            return ControlFlow::Break(Err(name::too_many(&new.name)));
        }
        ControlFlow::Continue(None)
    }

    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.list.iter().any(|entry| entry.name == name)
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Entry> {
        self.list.iter_mut().find(|entry| entry.id == id)
    }

    pub(super) fn set(&mut self, id: u64, state: CheckState) {
        if let Some(entry) = self.get(id) {
            entry.source = Source::Set(state);
        }
    }

    /// Takes one handle from an entry, and removes the entry with its last one.
    pub(super) fn release(&mut self, id: u64, now: Instant) -> Option<Entry> {
        let place = self.list.iter().position(|entry| entry.id == id)?;
        let entry = &mut self.list[place];
        entry.handles -= 1;
        if entry.handles > 0 {
            return None;
        }
        self.removed.extend(entry.end(now));
        Some(self.list.remove(place))
    }

    /// Records a run, and returns the name of the check if it still exists.
    pub(super) fn record(
        &mut self,
        id: u64,
        result: CheckState,
        kind: RunResult,
        took: Duration,
        now: Instant,
    ) -> Option<Name> {
        let entry = self.get(id)?;
        entry.runs.add(kind);
        entry.took = Some(took);
        if let Source::Runs { state, rules } = &mut entry.source {
            state.record(result, now, rules);
        }
        Some(entry.name.clone())
    }

    /// Returns the summary at `now` and the time until which it holds, and reports every transition.
    pub(super) fn judge(
        &mut self,
        now: Instant,
        mut tell: impl FnMut(Transition),
    ) -> (Summary, Option<Instant>) {
        self.removed.drain(..).for_each(&mut tell);
        let is_draining = self.drain.has_begun();
        let mut summary = Summary::PASS;
        let mut all_hold_until: Option<Instant> = None;
        for entry in &mut self.list {
            let Look { status, until, transition } = entry.look(now);
            transition.into_iter().for_each(&mut tell);
            all_hold_until = [all_hold_until, until].into_iter().flatten().min();
            for probe in Probe::ALL.into_iter().filter(|probe| entry.probes.contains(*probe)) {
                summary.worsen(probe, seen_by(probe, status, is_draining));
            }
        }
        self.drain.judge(&mut summary, now).into_iter().for_each(tell);
        (summary, all_hold_until)
    }

    /// Begins the drain; later calls have no effect.
    pub(super) const fn drain(&mut self) {
        self.drain.begin();
    }

    /// Returns whether the sweep must wake earlier than it would.
    pub(super) fn sweeps_sooner(&mut self, until: Option<Instant>) -> bool {
        self.until = until;
        let is_sooner = until.is_some_and(|until| self.sweep_at.is_none_or(|at| until < at));
        if is_sooner {
            self.sweep_at = until;
        }
        is_sooner
    }

    /// Begins a sweep at `now`: until its end, no change needs to wake it.
    pub(super) const fn begin_sweep(&mut self, now: Instant) {
        self.sweep_at = Some(now);
    }

    /// Ends a sweep, and returns the time of the next one.
    pub(super) const fn end_sweep(&mut self) -> Option<Instant> {
        self.sweep_at = self.until;
        self.until
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Returns the status that a probe has of an entry. Liveness is never degraded: an entry passes or fails it. While the
/// service drains, liveness passes: jobs end then, and a restart would cut off the requests in flight.
fn seen_by(probe: Probe, status: Status, is_draining: bool) -> Status {
    match (probe, status) {
        (Probe::Live, Status::Degraded) => Status::Pass,
        (Probe::Live, _) if is_draining => Status::Pass,
        _ => status,
    }
}
