//! Gates, holds, heartbeats, supervised tasks and the scheduling delay, through the public interface.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod gates;
mod heartbeats;
mod holds;
#[path = "../registry/log.rs"]
mod log;
mod scheduling_delay;
mod spawned;
mod supervised;

use battlement_health::{CheckReport, Health, Probe, Status};

/// Returns the statuses of liveness, readiness and startup.
fn statuses(health: &Health) -> [Status; 3] {
    Probe::ALL.map(|probe| health.status(probe))
}

/// Returns the report of an entry.
fn find(health: &Health, name: &str) -> Option<CheckReport> {
    health.checks().into_iter().find(|check| check.name == name)
}

/// Returns the reason of an entry.
fn reason(health: &Health, name: &str) -> String {
    find(health, name).unwrap().state.reason().to_owned()
}
