//! A record of what happens in a shutdown, with the time of each event since the trigger.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_shutdown::{Phase, Phases, Shutdown};
use tokio::time::Instant;

/// The events of a shutdown and the milliseconds at which they happened.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    start: Instant,
    events: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

impl Course {
    /// Starts to record the phases of `shutdown`. A phase that is skipped is reached with the next one.
    pub(crate) fn of(shutdown: &Shutdown) -> Self {
        let course = Self { start: Instant::now(), events: Arc::default() };
        tokio::spawn(course.clone().record(shutdown.phases()));
        course
    }

    async fn record(self, phases: Phases) {
        for phase in &Phase::ALL[1..] {
            phases.reached(*phase).await;
            self.note(phase.as_str());
        }
    }

    pub(crate) fn note(&self, event: &'static str) {
        self.events.lock().unwrap().push((event, self.elapsed()));
    }

    pub(crate) fn elapsed(&self) -> u64 {
        self.start.elapsed().as_millis().try_into().unwrap()
    }

    pub(crate) async fn events(&self) -> Vec<(&'static str, u64)> {
        settle().await;
        self.events.lock().unwrap().clone()
    }
}

/// Lets the tasks of the test run until each of them waits.
pub(crate) async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Returns a shutdown with a delay of 100 ms, a linger of 10, a drain of 1,000, hooks of 400, a budget of 2,000.
pub(crate) fn shutdown() -> Shutdown {
    Shutdown::without_signals()
        .delay(ms(100))
        .linger(ms(10))
        .drain(ms(1_000))
        .hooks(ms(400))
        .budget(ms(2_000))
}

/// Serves gracefully: ends as soon as accepting must end.
pub(crate) fn graceful(shutdown: &Shutdown) -> impl Future<Output = ()> + Send + use<> {
    shutdown.phases().reached(Phase::Stopping)
}

/// Serves a connection that never ends.
pub(crate) async fn hung() {
    pending::<()>().await;
}

pub(crate) const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}
