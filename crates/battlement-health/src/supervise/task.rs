use std::time::Duration;

use battlement_core::CheckState;
use tokio::sync::watch;
use tracing::warn;

use super::run::Ending;

use crate::{
    CheckKind, Health, Summary,
    probe::Probes,
    redact::redact,
    registry::{Handle, NewEntry, Source},
};

/// The entry of a supervised task. Dropping it before the task has ended is an end of the task.
pub(super) struct Task {
    name: &'static str,
    entry: Handle,
    summary: watch::Receiver<Summary>,
    has_ended: bool,
}

impl Task {
    #[track_caller]
    pub(super) fn register(health: &Health, name: &'static str) -> Self {
        let source = Source::Set(CheckState::pass("running"));
        let (kind, probes) = (CheckKind::Task, Probes::READY_AND_LIVE);
        let entry = health.add(NewEntry { name: name.into(), kind, probes, source });
        Self { name, entry, summary: health.watch(), has_ended: false }
    }

    /// Returns whether tasks are expected to end.
    pub(super) fn is_draining(&self) -> bool {
        match self.entry.registry() {
            Some(registry) => registry.is_draining(),
            None => self.summary.borrow().is_draining,
        }
    }

    /// Waits for the drain to begin.
    pub(super) async fn draining(&mut self) {
        if self.summary.wait_for(|summary| summary.is_draining).await.is_err() {
            // Without a registry nothing drains.
            std::future::pending::<()>().await;
        }
    }

    /// Reports that the task waits for a restart.
    pub(super) fn waits(&self, ending: &Ending, wait: Duration) {
        let wait = wait.as_millis();
        self.entry.set(CheckState::degraded(format!("{ending}; restarting in {wait} ms")));
    }

    /// Counts a restart, and reports that the task runs again.
    pub(super) fn restarts(&self) {
        let restarts = self.entry.restarted();
        self.entry.set(CheckState::pass(format!("running after restart {restarts}")));
    }

    /// Reports that the task has ended for good.
    pub(super) fn end(&mut self, ending: &Ending) {
        self.has_ended = true;
        self.entry.abandon(CheckState::fail(format!("{ending}, and is not restarted")));
    }

    /// Reports that the task has ended while the service drains, which is expected unless it failed.
    pub(super) fn end_in_drain(&mut self, ending: &Ending) {
        self.has_ended = true;
        if !matches!(ending, Ending::Returned) {
            let state = redact(CheckState::fail(ending.to_string()));
            let (task, reason) = (self.name, state.reason());
            warn!(task, %reason, "a supervised task failed while the service drained");
        }
        self.entry.abandon(CheckState::pass("the task ended while the service drained"));
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        // At the end of a drain, tasks that have not ended are dropped.
        let state = match self.is_draining() {
            true => CheckState::pass("the task was dropped while the service drained"),
            false => CheckState::fail("the task was dropped"),
        };
        self.entry.abandon(state);
    }
}
