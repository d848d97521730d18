//! The health of the service, which probes ask for.
//!
//! Payments and inventory have a copy of this file each, so that each can be copied alone.

use std::time::Duration;

use battlement::{
    health::{Check, Health, checks},
    shutdown::Phases,
};

/// The delay of a task from which the service is degraded: handlers block the threads of the runtime.
const LATE: Duration = Duration::from_millis(500);

/// Creates the registry, and starts the checks on the current runtime. The service is unready once `phases` drain.
#[must_use]
pub fn health(phases: Phases) -> Health {
    Health::builder()
        .phases(phases)
        .version(env!("CARGO_PKG_VERSION"))
        .check(Check::new("memory", checks::memory()))
        .check(Check::new("open-files", checks::open_files()))
        .check(checks::scheduling_delay(LATE))
        .build()
}
