use std::{
    array, fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use battlement_core::LogLimit;

use super::{Observe, State, fault::Fault};

/// Tells the log and the observer how Redis stands. A reason is logged at once, and then once a minute.
pub(super) struct Report {
    observe: Option<Arc<dyn Observe>>,
    state: Mutex<Reported>,
    states: Limits,
    commands: Limits,
}

/// The state that was reported last.
struct Reported {
    state: State,
    /// The kind of the fault that it was reported with.
    kind: Option<usize>,
    /// Whether it was logged, and so the end of it is to be.
    logged: bool,
}

/// A limit for each kind of fault.
type Limits = [LogLimit; Fault::KINDS];

const PERIOD: Duration = Duration::from_secs(60);

impl Report {
    pub(super) fn new(observe: Option<Arc<dyn Observe>>) -> Self {
        let limits = || array::from_fn(|_| LogLimit::per(PERIOD));
        let state = Reported { state: State::Connecting, kind: None, logged: false };
        Self { observe, state: Mutex::new(state), states: limits(), commands: limits() }
    }

    /// Reports the state, which is read here, and the reason for one that is not up, if they have changed.
    pub(super) fn state(&self, state: impl FnOnce() -> State, fault: Option<&Fault>) {
        let mut reported = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (state, kind) = (state(), fault.map(Fault::kind));
        if state != reported.state
            && let Some(observe) = &self.observe
        {
            observe.on_state(state);
        }
        let before = std::mem::replace(&mut *reported, Reported { state, kind, logged: false });
        reported.logged = match (state, fault) {
            (State::Up, _) => {
                log_up(&before);
                false
            }
            (State::Connecting, _) | (_, None) => before.logged,
            _ if state == before.state && kind == before.kind => before.logged,
            (_, Some(fault)) => self.log_fault(state, fault) || before.logged,
        };
    }

    /// Logs that Redis does not decide, or a part of it, if the reason was not logged in the last minute.
    fn log_fault(&self, state: State, fault: &Fault) -> bool {
        let (why, fix) = (fault.to_string(), fault.fix());
        let Some(suppressed) = self.states[fault.kind()].admit() else {
            tracing::debug!(why, fix, state = state.as_str(), "Redis is unavailable");
            return false;
        };
        if state == State::Degraded {
            tracing::warn!(
                why,
                fix,
                suppressed,
                "parts of Redis are unavailable; applying the configured `on_failure` policy to their keys"
            );
        } else {
            tracing::warn!(
                why,
                fix,
                suppressed,
                "Redis is unavailable; applying the configured `on_failure` policy"
            );
        }
        true
    }

    /// Logs that a command failed, if one with the same reason was not in the last minute.
    pub(super) fn command_failed(&self, fault: &Fault) {
        if let Some(suppressed) = self.commands[fault.kind()].admit() {
            tracing::warn!(
                why = fault.to_string(),
                fix = fault.fix(),
                suppressed,
                "Redis did not decide about a request; applying the configured `on_failure` policy"
            );
        }
    }
}

fn log_up(before: &Reported) {
    match before.state {
        State::Up => {}
        State::Connecting => tracing::debug!("Redis is available"),
        _ if before.logged => tracing::info!("Redis is available again"),
        _ => tracing::debug!("Redis is available again"),
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report").finish_non_exhaustive()
    }
}
