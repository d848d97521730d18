//! Tests how the peers shut down, as COMPARE.md describes it.
#![allow(missing_docs, reason = "a test")]

mod close;
mod deadline;
mod hang;
mod held;
mod process;
mod servers;

use std::time::Duration;

use battlement_shutdown::Shutdown;

/// The time after which a server that has not ended is said to hang.
pub(crate) const HANGS: Duration = Duration::from_millis(500);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Returns our controller, which drains for this long and waits for nothing else.
pub(crate) fn ours(drain: Duration) -> Shutdown {
    let zero = Duration::ZERO;
    Shutdown::without_signals().budget(12 * HOUR).delay(zero).linger(zero).drain(drain)
}
