mod board;
mod entries;
mod entry;
mod handle;
mod outbox;
mod sweep;

use std::sync::{Arc, Weak};

use battlement_core::{InvalidField, Phase, Phases};
use tokio::{runtime, sync::watch, task::AbortHandle, time::Instant};

use self::board::Board;
pub(crate) use self::{
    entries::MAX,
    entry::{NewEntry, Source},
    handle::Handle,
};
use crate::{CheckReport, Observe, Probe, Report, Status, Summary, TaskReport};

/// The state behind a [`Health`](crate::Health): the entries, and the tasks that keep them up to date.
///
/// Tasks and handles have weak references, so the registry is dropped with the last `Health`, and ends its tasks.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) start: Instant,
    board: Board,
    phases: Option<Phases>,
    runtime: runtime::Handle,
}

impl Registry {
    /// Creates an empty registry, and starts its own tasks on `runtime`.
    pub(crate) fn start(
        runtime: runtime::Handle,
        phases: Option<Phases>,
        observe: Option<Arc<dyn Observe>>,
    ) -> Arc<Self> {
        let start = Instant::now();
        let board = Board::new(start, observe);
        let registry = Arc::new(Self { start, board, phases, runtime });
        let weak = Arc::downgrade(&registry);
        let sweep = sweep::run(weak.clone(), Arc::clone(&registry.board.sooner));
        let sweep = registry.spawn(sweep);
        let follow = registry.phases.clone().map(|phases| registry.spawn(follow(weak, phases)));
        registry.board.amend(|entries| entries.own([sweep].into_iter().chain(follow)));
        registry
    }

    /// Adds an entry. Its name must be valid, and new unless the entry of that name was abandoned.
    pub(crate) fn register(self: &Arc<Self>, new: NewEntry) -> Result<Handle, InvalidField> {
        let id = self.board.update(Instant::now, |entries, now| entries.add(new, now))?;
        Ok(Handle::new(Arc::downgrade(self), id))
    }

    /// Returns whether an entry of the registry has the name.
    pub(crate) fn is_taken(&self, name: &str) -> bool {
        self.board.amend(|entries| entries.is_taken(name))
    }

    /// Spawns a task on the runtime of the registry.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.runtime.spawn(task).abort_handle()
    }

    /// Begins the drain; later calls have no effect.
    pub(crate) fn drain(&self) {
        self.board.update(Instant::now, |entries, _| entries.drain());
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.follow_phases();
        self.board.summary.load().is_draining
    }

    /// Returns the status of a probe, from one atomic unless a result has become stale or a beat late.
    #[inline]
    pub(crate) fn status(&self, probe: Probe) -> Status {
        self.summary().status(probe)
    }

    /// Returns the statuses of all probes, as [`status`](Self::status) does.
    #[inline]
    pub(crate) fn summary(&self) -> Summary {
        self.follow_phases();
        self.board.summary.load_at(Instant::now()).unwrap_or_else(|| self.refresh())
    }

    /// Returns the status of a probe with the entries behind it.
    pub(crate) fn report(&self, probe: Probe) -> Report {
        self.follow_phases();
        let checks =
            self.board.update(Instant::now, |entries, now| entries.reports(Some(probe), now));
        let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Pass);
        Report { probe, status, checks }
    }

    /// Returns all entries, with `ping` and `shutdown`.
    pub(crate) fn all(&self) -> Vec<CheckReport> {
        self.follow_phases();
        self.board.update(Instant::now, |entries, now| entries.reports(None, now))
    }

    /// Returns all entries, without `ping` and `shutdown`.
    pub(crate) fn checks(&self) -> Vec<CheckReport> {
        self.board.update(Instant::now, |entries, now| entries.checks(now))
    }

    pub(crate) fn tasks(&self) -> Vec<TaskReport> {
        self.board.update(Instant::now, |entries, now| entries.tasks(now))
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Summary> {
        self.board.watch.subscribe()
    }

    /// Computes the summary, and reports every change.
    #[cold]
    fn refresh(&self) -> Summary {
        self.board.update(Instant::now, |_, _| {});
        self.board.summary.load()
    }

    /// Begins the drain if the process is shutting down.
    #[inline]
    fn follow_phases(&self) {
        if self.phases.as_ref().is_some_and(Phases::is_draining)
            && !self.board.summary.load().is_draining
        {
            self.drain();
        }
    }
}

/// Begins the drain when the process is shutting down, so that watchers learn of it without a probe.
async fn follow(registry: Weak<Registry>, phases: Phases) {
    phases.reached(Phase::Unready).await;
    if let Some(registry) = registry.upgrade() {
        registry.drain();
    }
}
