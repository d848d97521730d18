use std::time::Duration;

use anyhow::{Result, ensure};
use battlement_testkit::load::{Caller as Callers, Load};
use tokio::time::sleep;

use super::{
    callers::Caller,
    case::Case,
    limit::Limit,
    load::{self, Call},
    samples::{self, Sample},
    workers::Times,
};
use crate::measure::server::Server;

/// The requests in flight of the measurement of the capacity: many times the workers.
const SATURATED: usize = 64;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASUREMENT: Duration = Duration::from_secs(5);

/// A case and its measurements.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) case: Case,
    /// Answers per second of the saturated server.
    pub(super) capacity: f64,
    pub(super) calls: Vec<Call>,
    pub(super) samples: Vec<Sample>,
}

impl Course {
    /// Runs a case against a server with this capacity.
    pub(super) async fn run(case: Case, capacity: f64) -> Result<Self> {
        let server = start(case.limit, case.times)?;
        let caller = Caller::new(server.addr, case.retries).await;
        let caller = caller.map_err(anyhow::Error::from_boxed)?;
        let time = Duration::from_secs(u64::from(case.phases.total()));
        let (calls, samples) = tokio::join!(
            load::run(&caller, capacity, case.phases),
            samples::read(server.addr, time)
        );
        Ok(Self { case, capacity, calls, samples: samples? })
    }
}

fn start(limit: Limit, times: Times) -> Result<Server> {
    Server::start(&["serve", limit.name(), times.name()])
}

/// Measures the answers per second of a saturated server without a limit.
pub(super) async fn capacity(times: Times) -> Result<f64> {
    let server = start(Limit::None, times)?;
    let load = Load::new(Callers::Http2 { streams: SATURATED }).start(server.addr);
    sleep(WARM_UP).await;
    let before = load.tally().answered;
    sleep(MEASUREMENT).await;
    let answered = load.tally().answered - before;
    let tally = load.stop().await;
    ensure!(tally.answered == tally.total(), "the saturated server has failed: {tally:?}");
    Ok(answered as f64 / MEASUREMENT.as_secs_f64())
}
