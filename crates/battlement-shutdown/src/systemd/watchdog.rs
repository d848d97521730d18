use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{self, MissedTickBehavior},
};
use tracing::warn;

use super::socket::Socket;

/// The task that tells systemd that the service is alive, until this value is dropped.
#[derive(Debug)]
pub(crate) struct Watchdog {
    _task: JoinSet<()>,
}

impl Watchdog {
    /// Starts the task, which sends a message after each half of `period`, as sd_watchdog_enabled(3) recommends.
    pub(super) fn start(
        socket: Socket,
        period: Duration,
        alive: Arc<dyn Fn() -> bool + Send + Sync>,
    ) -> Self {
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut beats = time::interval(period / 2);
            beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                beats.tick().await;
                if !alive() {
                    warn!("the service is not alive: systemd will restart it");
                } else if let Err(error) = socket.send("WATCHDOG=1") {
                    warn!(%error, "the systemd watchdog was not notified");
                }
            }
        });
        Self { _task: task }
    }
}

/// Returns the period of the watchdog, if systemd expects messages of the process `id`.
pub(super) fn period(usec: Option<String>, pid: Option<String>, id: u32) -> Option<Duration> {
    let period = Duration::from_micros(usec?.parse().ok()?);
    let is_ours = pid.is_none_or(|pid| pid.parse() == Ok(id));
    (is_ours && !period.is_zero()).then_some(period)
}
