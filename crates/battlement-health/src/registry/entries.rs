use std::time::Duration;

use battlement_core::{CheckState, InvalidField};
use tokio::{task::AbortHandle, time::Instant};

use super::entry::{Entry, NewEntry, Source};
use crate::{
    CheckKind, CheckReport, Probe, RunResult, Runs, Status, Summary, TaskReport, Transition, name,
    probe::Probes,
};

/// The most entries, so that neither reports nor metrics grow without bound.
const MAX: usize = 256;

/// All entries of a registry, in the order of reports.
#[derive(Debug, Default)]
pub(super) struct Entries {
    list: Vec<Entry>,
    next_id: u64,
    /// The time since which the service drains.
    draining: Option<Instant>,
    /// The time until which the last summary holds.
    until: Option<Instant>,
    /// The time at which the sweep wakes.
    sweep_at: Option<Instant>,
    /// The tasks of the registry itself.
    tasks: Vec<AbortHandle>,
}

impl Entries {
    pub(super) fn own(&mut self, tasks: impl IntoIterator<Item = AbortHandle>) {
        self.tasks.extend(tasks);
    }

    pub(super) fn add(&mut self, new: NewEntry, now: Instant) -> Result<u64, InvalidField> {
        let field = || format!("checks.{}", new.name);
        if let Some(message) = name::invalid(&new.name) {
            return Err(InvalidField::new("name", message));
        }
        if let Some(entry) = self.list.iter_mut().find(|entry| entry.name == new.name) {
            if new.kind == CheckKind::Hold && entry.kind == CheckKind::Hold {
                entry.handles += 1;
                return Ok(entry.id);
            }
            if !entry.is_abandoned || entry.kind != new.kind {
                let message =
                    "the name is taken; choose another name or drop the other handle first";
                return Err(InvalidField::new(field(), message));
            }
            let id = entry.id;
            self.remove(id);
        }
        if self.list.len() == MAX {
            return Err(InvalidField::new(
                field(),
                format!("must be one of at most {MAX} entries"),
            ));
        }
        self.next_id += 1;
        let place = self.list.partition_point(|entry| entry.kind <= new.kind);
        self.list.insert(place, Entry::new(self.next_id, new, now));
        Ok(self.next_id)
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Entry> {
        self.list.iter_mut().find(|entry| entry.id == id)
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Entry> {
        let place = self.list.iter().position(|entry| entry.id == id)?;
        Some(self.list.remove(place))
    }

    /// Begins the drain, and returns whether it had not begun.
    pub(super) fn drain(&mut self, now: Instant) -> bool {
        self.draining.replace(self.draining.unwrap_or(now)).is_none()
    }

    /// Records a run, and returns whether the entry still exists.
    pub(super) fn record(
        &mut self,
        id: u64,
        run: (CheckState, RunResult, Duration),
        now: Instant,
    ) -> bool {
        let Some(entry) = self.get(id) else { return false };
        let (result, kind, took) = run;
        entry.runs.add(kind);
        entry.took = Some(took);
        if let Source::Runs { state, rules } = &mut entry.source {
            state.record(result, now, rules);
        }
        true
    }

    /// Returns the summary at `now` and the time until which it holds, and tells of every change.
    pub(super) fn judge(
        &mut self,
        now: Instant,
        mut tell: impl FnMut(Transition),
    ) -> (Summary, Option<Instant>) {
        let mut summary = Summary { is_draining: self.draining.is_some(), ..Summary::PASS };
        let mut until: Option<Instant> = None;
        for entry in &mut self.list {
            // First, since it decides whether a beat is late.
            let holds = entry.until(now);
            until = [until, holds].into_iter().flatten().min();
            let (status, state) = entry.read(now);
            for probe in Probe::ALL {
                if entry.probes.contains(probe) {
                    summary.worsen(probe, seen_by(probe, status));
                }
            }
            if entry.has_result() && entry.shown != Some(status) {
                let reason = state.reason().to_owned();
                tell(Transition {
                    name: entry.name.clone(),
                    kind: entry.kind,
                    from: entry.shown,
                    to: status,
                    reason: reason.into(),
                    after: now.saturating_duration_since(entry.since),
                });
                (entry.shown, entry.since) = (Some(status), now);
            }
        }
        if self.draining.is_some() {
            summary.worsen(Probe::Ready, Status::Fail);
        }
        (summary, until)
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
    pub(super) fn begin_sweep(&mut self, now: Instant) {
        self.sweep_at = Some(now);
    }

    /// Ends a sweep, and returns the time of the next one.
    pub(super) fn end_sweep(&mut self) -> Option<Instant> {
        self.sweep_at = self.until;
        self.until
    }

    /// Returns the reports of the entries of a probe, or of all.
    pub(super) fn reports(&self, probe: Option<Probe>, now: Instant) -> Vec<CheckReport> {
        let is_part = |probes: Probes| probe.is_none_or(|probe| probes.contains(probe));
        let entries = self.list.iter().filter(|entry| is_part(entry.probes)).map(|entry| {
            let mut report = entry.report(now);
            report.status = probe.map_or(report.status, |probe| seen_by(probe, report.status));
            report
        });
        let mut reports = vec![own(CheckKind::Ping, CheckState::pass("ok"))];
        reports.extend(entries);
        if is_part(Probes::READY) {
            reports.push(own(CheckKind::Shutdown, self.shutdown()));
        }
        reports
    }

    pub(super) fn tasks(&self) -> Vec<TaskReport> {
        let tasks = self.list.iter().filter(|entry| entry.kind == CheckKind::Task);
        tasks
            .map(|entry| TaskReport {
                name: entry.name.clone(),
                state: entry.read(entry.since).1.into_owned(),
                restarts: entry.restarts,
            })
            .collect()
    }

    fn shutdown(&self) -> CheckState {
        match self.draining {
            Some(_) => CheckState::fail("the service is shutting down"),
            None => CheckState::pass("running"),
        }
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Returns the status that a probe has of an entry. Liveness is never degraded: an entry passes or fails it.
fn seen_by(probe: Probe, status: Status) -> Status {
    if probe == Probe::Live && status == Status::Degraded { Status::Pass } else { status }
}

/// Returns the report of an entry of the registry itself.
fn own(kind: CheckKind, state: CheckState) -> CheckReport {
    CheckReport {
        name: if kind == CheckKind::Ping { "ping" } else { "shutdown" }.into(),
        kind,
        status: Status::of(&state),
        state,
        critical: true,
        age: None,
        took: None,
        runs: Runs::default(),
    }
}
