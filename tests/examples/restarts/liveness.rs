use std::{net::SocketAddr, time::Duration};

use battlement_testkit::client::Http1;
use http::StatusCode;
use tokio::{task::JoinHandle, time::sleep};

/// Shorter than any phase of a shutdown that has something to wait for.
const PAUSE: Duration = Duration::from_millis(20);

/// The answers of `/livez` while a process stops. After one that is not 200, Kubernetes would kill the process in the middle
/// of its drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Liveness {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
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
                sleep(PAUSE).await;
            }
            polled
        })
    }
}

/// Returns the status, unless the process is gone.
async fn status(admin: SocketAddr) -> Option<StatusCode> {
    let mut client = Http1::connect(admin).await.ok()?;
    client.get("/livez").await.ok().map(|response| response.status)
}
