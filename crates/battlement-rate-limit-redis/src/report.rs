use std::{
    array, fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use battlement_core::LogLimit;

use crate::{Observe, State, fault::Fault};

/// Reports the state to the log and the observer. A reason is logged at once, and then at most once a minute.
pub(crate) struct Report {
    observe: Option<Arc<dyn Observe>>,
    /// Held while a state is read and reported, so that reports are in the order of the states.
    reporting: Mutex<()>,
    /// The last state. The lock is not held while the observer runs, which may read it.
    state: Mutex<LastReport>,
    down: Limits,
    degraded: Limits,
    commands: Limits,
}

/// The last state that was reported.
struct LastReport {
    state: State,
    fault: Option<Fault>,
    /// Whether an outage was logged, so that its end is logged too.
    logged: bool,
}

impl LastReport {
    /// Returns whether the same state was reported with the same kind of fault.
    fn is_alike(&self, state: State, fault: &Fault) -> bool {
        self.state == state && self.fault.as_ref().is_some_and(|last| last.kind() == fault.kind())
    }
}

/// A limit for each kind of fault.
type Limits = [LogLimit; Fault::KINDS];

const PERIOD: Duration = Duration::from_secs(60);

impl Report {
    pub(crate) fn new(observe: Option<Arc<dyn Observe>>) -> Self {
        let limits = || array::from_fn(|_| LogLimit::per(PERIOD));
        let state = LastReport { state: State::Connecting, fault: None, logged: false };
        let (down, degraded, commands) = (limits(), limits(), limits());
        Self {
            observe,
            reporting: Mutex::default(),
            state: Mutex::new(state),
            down,
            degraded,
            commands,
        }
    }

    /// Reports a change of the state or of its reason. The state is read when no other report is in progress.
    pub(crate) fn state(&self, state: impl FnOnce() -> State, fault: Option<&Fault>) {
        let _reporting = self.reporting.lock().unwrap_or_else(PoisonError::into_inner);
        let state = state();
        let next = LastReport { state, fault: fault.cloned(), logged: false };
        let before = std::mem::replace(&mut *self.last(), next);
        if state != before.state
            && let Some(observe) = &self.observe
        {
            observe.on_state(state);
        }
        let logged = match (state, fault) {
            (State::Up, _) => {
                log_up(&before);
                false
            }
            (State::Connecting, _) | (_, None) => before.logged,
            (_, Some(fault)) if before.is_alike(state, fault) => before.logged,
            (_, Some(fault)) => self.log_fault(state, fault) || before.logged,
        };
        self.last().logged = logged;
    }

    /// Returns the last fault that was reported, unless Redis has become available since.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.last().fault.clone()
    }

    fn last(&self) -> MutexGuard<'_, LastReport> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs that Redis, or a part of it, is unavailable, unless the same reason was logged in the last minute.
    fn log_fault(&self, state: State, fault: &Fault) -> bool {
        let (why, fix) = (fault.to_string(), fault.fix());
        let limits = if state == State::Degraded { &self.degraded } else { &self.down };
        let Some(suppressed) = limits[fault.kind()].admit() else {
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

    /// Logs that a command failed, unless the same reason was logged in the last minute.
    pub(crate) fn command_failed(&self, fault: &Fault) {
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

fn log_up(before: &LastReport) {
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

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            OnceLock,
            atomic::{AtomicUsize, Ordering::Relaxed},
            mpsc,
        },
        thread,
    };

    use tracing::{
        Event, Level, Metadata, Subscriber,
        span::{Attributes, Id, Record},
        subscriber::with_default,
    };

    use super::*;

    /// Counts warnings.
    #[derive(Clone, Default)]
    struct Warnings(Arc<AtomicUsize>);

    impl Subscriber for Warnings {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::WARN
        }

        fn event(&self, _: &Event<'_>) {
            self.0.fetch_add(1, Relaxed);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// Reports each state with its fault, and returns the number of warnings.
    fn warnings(states: &[(State, Option<Fault>)]) -> usize {
        let (report, warnings) = (Report::new(None), Warnings::default());
        with_default(warnings.clone(), || {
            states.iter().for_each(|(state, fault)| report.state(|| *state, fault.as_ref()));
        });
        warnings.0.load(Relaxed)
    }

    #[test]
    fn an_outage_is_logged_once_per_reason_however_often_it_recurs() {
        let late = || (State::Down, Some(Fault::Late));
        let up = || (State::Up, None);
        assert_eq!(warnings(&[late(), up(), late(), up(), late()]), 1);
        let broken = (State::Down, Some(Fault::Broken));
        assert_eq!(warnings(&[late(), broken, late()]), 2, "the reason changes");
    }

    #[test]
    fn an_outage_is_logged_after_parts_were_unavailable_for_the_same_reason() {
        let of = |state| (state, Some(Fault::Late));
        assert_eq!(warnings(&[of(State::Degraded), of(State::Down), of(State::Degraded)]), 2);
    }

    /// Reads the last fault with each state, as a health check does.
    #[derive(Default)]
    struct Checks {
        report: OnceLock<Arc<Report>>,
        faults: Mutex<Vec<Option<Fault>>>,
    }

    impl Observe for Arc<Checks> {
        fn on_state(&self, _: State) {
            let fault = self.report.get().unwrap().fault();
            self.faults.lock().unwrap().push(fault);
        }
    }

    #[test]
    fn an_observer_may_read_the_fault_of_the_state_that_it_observes() {
        let checks = Arc::<Checks>::default();
        let report = Arc::new(Report::new(Some(Arc::new(Arc::clone(&checks)))));
        checks.report.set(Arc::clone(&report)).ok().unwrap();
        let (ended, end) = mpsc::channel();
        thread::spawn(move || {
            report.state(|| State::Down, Some(&Fault::Late));
            report.state(|| State::Up, None);
            ended.send(()).unwrap();
        });
        end.recv_timeout(Duration::from_secs(5)).expect("a report waits for itself");
        assert_eq!(*checks.faults.lock().unwrap(), [Some(Fault::Late), None]);
    }
}
