use battlement_core::CheckState;

use crate::{Snapshot, State};

/// Returns the state of a breaker for a health registry. `keyed` has the numbers of keys and of open ones.
pub(super) fn state(name: &str, seen: &Snapshot, keyed: Option<(usize, usize)>) -> CheckState {
    let (failures, calls) = (seen.counts.failures(), seen.counts.total());
    match (seen.state, keyed) {
        (State::Closed, _) => CheckState::pass(format!("{name} is closed")),
        (State::ForcedClosed, _) => CheckState::pass(format!("{name} is forced closed")),
        (State::ForcedOpen, _) => CheckState::degraded(format!("{name} is forced open")),
        (_, Some((_, 0))) => {
            CheckState::degraded(format!("{name} is open for calls without a key of their own"))
        }
        (_, Some((keys, open))) => {
            CheckState::degraded(format!("{name} is open for {open} of {keys} keys"))
        }
        (State::Open, None) => CheckState::degraded(format!(
            "{name} is open for {:?}; the next probe is in {:?}",
            seen.open_since.unwrap_or_default(),
            seen.next_probe.unwrap_or_default(),
        )),
        (State::HalfOpen, None) => CheckState::degraded(format!(
            "{name} is half-open; {failures} of {calls} probes have failed"
        )),
    }
}
