//! A check whose results a test sets.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_health::{Check, CheckReport, CheckState, Health, Probe, Status};
use tokio::{sync::watch, time::Instant};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// The result of a check, and the times of its runs.
#[derive(Clone)]
pub(crate) struct Script {
    state: Arc<Mutex<CheckState>>,
    starts: watch::Sender<Vec<Instant>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let state = Arc::new(Mutex::new(CheckState::pass("connected")));
        Self { state, starts: watch::Sender::default() }
    }

    pub(crate) fn check(&self, name: &'static str) -> Check {
        let script = self.clone();
        Check::of_state(name, move || {
            script.starts.send_modify(|starts| starts.push(Instant::now()));
            script.state.lock().unwrap().clone()
        })
    }

    pub(crate) fn set(&self, state: CheckState) {
        *self.state.lock().unwrap() = state;
    }

    pub(crate) fn runs(&self) -> usize {
        self.starts().len()
    }

    pub(crate) fn starts(&self) -> Vec<Instant> {
        self.starts.borrow().clone()
    }

    /// Waits for `runs` more runs. Time is paused.
    pub(crate) async fn wait(&self, runs: usize) {
        let all = self.starts().len() + runs;
        self.starts.subscribe().wait_for(|starts| starts.len() >= all).await.unwrap();
    }
}

/// Waits until readiness has `status`. Time is paused.
pub(crate) async fn ready(health: &Health, status: Status) {
    let mut watch = health.watch();
    watch.wait_for(|summary| summary.ready == status).await.unwrap();
}

/// Returns the report of an entry.
pub(crate) fn entry(health: &Health, name: &str) -> CheckReport {
    health.checks().into_iter().find(|check| check.name == name).unwrap()
}

/// Returns the names and statuses of a probe's report.
pub(crate) fn statuses(health: &Health, probe: Probe) -> Vec<String> {
    let checks = health.report(probe).checks;
    checks.iter().map(|check| format!("{} {}", check.name, check.status)).collect()
}
