use std::{sync::Arc, time::Duration};

use battlement_core::CheckState;

use crate::{Check, Probe, beat::Late};

/// The time between two beats.
const EVERY: Duration = Duration::from_millis(100);

/// Checks that tasks of the runtime are polled in time: the check `scheduling-delay`, which degrades readiness while a
/// task waits for a thread for longer than `most`.
///
/// Handlers that block their threads keep all other requests waiting. A task on the runtime of the registry beats every
/// 100 ms. The delay, from the time at which a beat was due, is computed when a result is read, so that it shows while
/// every worker is blocked, if a thread of another runtime answers the probe. Liveness is left alone: a restart would
/// not make a busy service faster.
///
/// A blocked period that ends before a result is read does not show. battlement-metrics records such delays in
/// `tokio_schedule_delay_seconds`.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_health::{Health, checks};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let delay = checks::scheduling_delay(Duration::from_millis(500));
/// let health = Health::builder().check(delay).build();
/// # }
/// ```
pub fn scheduling_delay(most: Duration) -> Check {
    let state = move |delay: Duration| {
        let (delay, most) = (delay.as_millis(), most.as_millis());
        CheckState::degraded(format!(
            "a task has waited for a thread for {delay} ms, more than {most} ms"
        ))
    };
    let late = Late { grace: most, state: Arc::new(state) };
    Check::of_beats("scheduling-delay".into(), EVERY, late).probes([Probe::Ready])
}
