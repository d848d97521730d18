use tracing::{info, warn};

use crate::{State, Transition};

/// Logs a transition, with the counts that caused it.
#[cold]
pub(super) fn moved(name: &str, key: Option<&str>, transition: &Transition) {
    let Transition { from, to, counts, open_for, .. } = *transition;
    let (from, state) = (from.as_str(), to.as_str());
    let (failures, calls) = (counts.failures(), counts.total());
    match to {
        State::Open => warn!(
            breaker = name,
            key,
            from,
            state,
            failures,
            calls,
            timeouts = counts.timeout,
            transport = counts.transport + counts.not_processed,
            server = counts.server,
            overloads = counts.overload,
            open_for = ?open_for.unwrap_or_default(),
            "circuit breaker opened; calls are rejected until the next probe"
        ),
        State::HalfOpen => info!(
            breaker = name,
            key, from, state, "circuit breaker is half-open; probes are let through"
        ),
        State::Closed => {
            info!(
                breaker = name,
                key, from, state, "circuit breaker closed; calls are let through"
            );
        }
        State::ForcedOpen => warn!(
            breaker = name,
            key,
            from,
            state,
            "circuit breaker was forced open; calls are rejected until it is released"
        ),
        State::ForcedClosed => warn!(
            breaker = name,
            key, from, state, "circuit breaker was forced closed; failures do not open it"
        ),
    }
}
