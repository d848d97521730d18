use std::{net::SocketAddr, time::Duration};

use battlement_testkit::client::Http1;
use http::StatusCode;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

/// The longest time without an answer before the exit. Shorter than the delay, so that a listener that closes when the
/// shutdown begins is found.
const SILENCE: Duration = Duration::from_millis(500);

/// Shorter than any phase of a shutdown that has something to wait for.
const PAUSE: Duration = Duration::from_millis(20);

/// The answers of `/livez` while a process stops. After one that is not 200, Kubernetes would kill the process in the middle
/// of its drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Liveness {
    passed: u64,
    failed: u64,
    /// The time of the last answer.
    last: Option<Instant>,
}

impl Liveness {
    /// Polls, with a new connection each, until the listener is closed.
    pub(crate) fn poll(admin: SocketAddr) -> JoinHandle<Self> {
        tokio::spawn(async move {
            let mut polled = Self::default();
            while let Some(status) = status(admin).await {
                let count =
                    if status == StatusCode::OK { &mut polled.passed } else { &mut polled.failed };
                *count += 1;
                polled.last = Some(Instant::now());
                sleep(PAUSE).await;
            }
            polled
        })
    }

    /// Returns whether each answer was 200, until shortly before the process exited at `exit`.
    pub(crate) fn held_until(&self, exit: Instant) -> bool {
        self.failed == 0
            && self.last.is_some_and(|last| exit.saturating_duration_since(last) < SILENCE)
    }
}

/// Returns the status, unless the process is gone.
async fn status(admin: SocketAddr) -> Option<StatusCode> {
    let mut client = Http1::connect(admin).await.ok()?;
    client.get("/livez").await.ok().map(|response| response.status)
}
