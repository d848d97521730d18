use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

use super::Server;

/// The clock of the server, which a test sets for decisions, and for all that the server does.
#[derive(Clone, Debug)]
pub(super) struct Clock(Arc<Mutex<Times>>);

#[derive(Debug)]
struct Times {
    started: Instant,
    /// The time of decisions, where it was set. Otherwise it passes from an arbitrary start.
    set: Option<Duration>,
    lie: Lie,
}

/// The difference of the clock to the time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lie {
    Ahead(Duration),
    Behind(Duration),
}

/// The time at which the server starts, late enough for clocks that are behind.
const START: Duration = Duration::from_secs(1 << 30);

impl Clock {
    pub(super) fn new() -> Self {
        let times = Times { started: Instant::now(), set: None, lie: Lie::Ahead(Duration::ZERO) };
        Self(Arc::new(Mutex::new(times)))
    }

    /// Returns the time of a decision, in nanoseconds.
    pub(super) fn now(&self) -> u64 {
        let times = self.0.lock().unwrap();
        let now = times.set.unwrap_or_else(|| START + times.started.elapsed());
        let now = match times.lie {
            Lie::Ahead(by) => now + by,
            Lie::Behind(by) => now - by,
        };
        u64::try_from(now.as_nanos()).unwrap()
    }

    /// Returns whether the time has come at which the client gives up.
    pub(super) fn has_passed(&self, deadline: Instant) -> bool {
        match self.0.lock().unwrap().lie {
            Lie::Ahead(by) => Instant::now() + by >= deadline,
            Lie::Behind(by) => Instant::now() >= deadline + by,
        }
    }
}

impl Server {
    /// Sets the time of decisions, which no longer passes on its own.
    pub(crate) fn set_clock(&self, now: Duration) {
        self.clock.0.lock().unwrap().set = Some(now);
    }

    /// Sets the difference of the clock to the time, for decisions and for deadlines.
    pub(crate) fn lie(&self, lie: Lie) {
        self.clock.0.lock().unwrap().lie = lie;
    }
}
