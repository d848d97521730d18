//! Tests how the peers shut down, as COMPARE.md describes it.
#![allow(missing_docs, reason = "a test")]

mod close;
mod deadline;
mod hang;
mod held;
mod process;
mod servers;

use std::time::Duration;

/// The time after which a server that has not ended is said to hang.
pub(crate) const HANGS: Duration = Duration::from_millis(500);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
