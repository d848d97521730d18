mod entries;
mod entry;
mod handle;
mod outbox;
mod sweep;

use std::{
    fmt,
    sync::{Arc, Weak},
};

use battlement_core::{InvalidField, Phase, Phases};
use tokio::{
    runtime,
    sync::{Notify, watch},
    task::AbortHandle,
    time::Instant,
};

use self::{entries::Entries, outbox::Outbox};
pub(crate) use self::{
    entry::{NewEntry, Source},
    handle::Handle,
};
use crate::{
    CheckKind, CheckReport, Observe, Probe, Report, Status, Summary, TaskReport,
    redact::redact,
    summary::SharedSummary,
    sync::{Mutex, lock},
};

/// The state behind a [`Health`](crate::Health): the entries, and the summary of them.
///
/// The mutex is held for as long as it takes to look at each entry, never while code of a user runs.
pub(crate) struct Registry {
    pub(crate) start: Instant,
    summary: SharedSummary,
    phases: Option<Phases>,
    runtime: runtime::Handle,
    entries: Mutex<Entries>,
    watch: watch::Sender<Summary>,
    outbox: Outbox,
    /// Wakes the sweep when a summary holds for a shorter time than the sweep waits.
    sooner: Arc<Notify>,
}

impl Registry {
    /// Creates an empty registry, and starts its own tasks on `runtime`.
    pub(crate) fn start(
        runtime: runtime::Handle,
        phases: Option<Phases>,
        observe: Option<Arc<dyn Observe>>,
    ) -> Arc<Self> {
        let now = Instant::now();
        let registry = Arc::new(Self {
            start: now,
            summary: SharedSummary::new(now),
            phases,
            runtime,
            entries: Mutex::new(Entries::default()),
            watch: watch::Sender::new(Summary::PASS),
            outbox: Outbox::new(observe),
            sooner: Arc::default(),
        });
        let weak = Arc::downgrade(&registry);
        let sweep = registry.spawn(sweep::run(weak.clone(), Arc::clone(&registry.sooner)));
        let follow = registry.phases.clone().map(|phases| registry.spawn(follow(weak, phases)));
        lock(&registry.entries).own([sweep].into_iter().chain(follow));
        registry
    }

    /// Adds an entry. Its name must be valid, and new unless the entry of that name was abandoned.
    pub(crate) fn register(self: &Arc<Self>, new: NewEntry) -> Result<Handle, InvalidField> {
        let now = Instant::now();
        let id = lock(&self.entries).add(new, now)?;
        self.refresh(now);
        Ok(Handle::new(Arc::downgrade(self), id))
    }

    /// Spawns a task on the runtime of the registry.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime.spawn(task).abort_handle()
    }

    /// Begins the drain; later calls have no effect.
    pub(crate) fn drain(&self) {
        let now = Instant::now();
        let changed = lock(&self.entries).drain(now);
        if changed {
            self.refresh(now);
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.follow_phases();
        self.summary.load().is_draining
    }

    /// Returns the status of a probe, from one atomic unless a result has become stale or a beat late.
    pub(crate) fn status(&self, probe: Probe) -> Status {
        self.summary().status(probe)
    }

    /// Returns the statuses of all probes, as [`status`](Self::status) does.
    pub(crate) fn summary(&self) -> Summary {
        self.follow_phases();
        let now = Instant::now();
        self.summary.load_at(now).unwrap_or_else(|| self.refresh(now))
    }

    /// Returns the entries of a probe, or all of them.
    pub(crate) fn report(&self, probe: Probe) -> Report {
        let status = self.status(probe);
        let checks = lock(&self.entries).reports(Some(probe), Instant::now());
        Report { probe, status, checks }
    }

    /// Returns all entries, with `ping` and `shutdown`.
    pub(crate) fn all(&self) -> Vec<CheckReport> {
        let _ = self.summary();
        lock(&self.entries).reports(None, Instant::now())
    }

    /// Returns all entries, without `ping` and `shutdown`.
    pub(crate) fn checks(&self) -> Vec<CheckReport> {
        let mut checks = self.all();
        checks.retain(|check| !matches!(check.kind, CheckKind::Ping | CheckKind::Shutdown));
        checks
    }

    pub(crate) fn tasks(&self) -> Vec<TaskReport> {
        lock(&self.entries).tasks()
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Summary> {
        self.watch.subscribe()
    }

    pub(crate) fn observe(&self) -> Option<&dyn Observe> {
        self.outbox.observe()
    }

    /// Computes the summary at `now`, and tells of every change.
    fn refresh(&self, now: Instant) -> Summary {
        let mut entries = lock(&self.entries);
        let (summary, until) = entries.judge(now, |transition| self.outbox.push(transition));
        self.summary.store(summary, until);
        self.watch.send_if_modified(|last| std::mem::replace(last, summary) != summary);
        if entries.sweeps_sooner(until) {
            self.sooner.notify_one();
        }
        drop(entries);
        self.outbox.deliver();
        summary
    }

    /// Applies `change` to an entry that still exists, and computes the summary.
    fn change(&self, change: impl FnOnce(&mut Entries, Instant) -> bool) {
        let now = Instant::now();
        let changed = change(&mut lock(&self.entries), now);
        if changed {
            self.refresh(now);
        }
    }

    /// Begins the drain if the process is ending.
    fn follow_phases(&self) {
        if self.phases.as_ref().is_some_and(Phases::is_draining) && !self.summary.load().is_draining
        {
            self.drain();
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.summary).finish()
    }
}

/// Begins the drain when the process is ending, so that watchers learn of it without a probe.
async fn follow(registry: Weak<Registry>, phases: Phases) {
    phases.reached(Phase::Unready).await;
    if let Some(registry) = registry.upgrade() {
        registry.drain();
    }
}
