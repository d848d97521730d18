use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result};
use battlement_testkit::client::Http2;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::server::STATE;

const PAUSE: Duration = Duration::from_millis(100);

/// The state of a server at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// The time from the start.
    pub(super) at: Duration,
    /// Zero if there is no limit.
    pub(super) limit: usize,
    pub(super) in_flight: usize,
}

/// Reads the state of a server for a time.
pub(super) async fn read(addr: SocketAddr, time: Duration) -> Result<Vec<Sample>> {
    let start = Instant::now();
    let mut client = Http2::connect(addr).await.map_err(anyhow::Error::from_boxed)?;
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut samples = Vec::new();
    while start.elapsed() < time {
        ticks.tick().await;
        let at = start.elapsed();
        let text = client.get(STATE).await.map_err(anyhow::Error::from_boxed)?.text();
        let (limit, in_flight) = text.split_once(' ').context("unexpected state")?;
        samples.push(Sample { at, limit: limit.parse()?, in_flight: in_flight.parse()? });
    }
    Ok(samples)
}
