use std::time::Duration;

use battlement_testkit::load::{RunningLoad, Tally};
use tokio::time::{Instant, sleep, timeout};

use crate::{
    front::Front, instance::Instance, outcome::Outcome, ports::Slot, service::Service,
    sockets::Sockets, stalls::Stalls,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// The number of answers before each restart. A restart may end each HTTP/2 connection while all of its streams begin, so
/// that up to 64 requests are not processed.
const ANSWERS: u64 = 30_000;
const POLL_PAUSE: Duration = Duration::from_millis(5);

/// Restarts a service under load: starts the next instance, waits until callers reach it, and stops the previous
/// one.
pub(crate) async fn restart(
    service: &Service,
    front: &Front,
    slots: [Slot; 2],
    times: usize,
) -> Outcome {
    let (start, stalls) = (Instant::now(), Stalls::watch());
    // A balancer needs a few polls to learn of the first instance, and rejects connections until then.
    let mut current = launch(service, front, slots[0]).await;
    let loads: Vec<_> = service.loads.iter().map(|load| load.start(front.addr())).collect();
    let sockets = Sockets::start(front.addr(), service.sockets);
    let mut exits = Vec::new();
    for nth in 1..=times {
        // The callers are busy before each restart.
        answered(&loads, ANSWERS * nth as u64).await;
        let next = launch(service, front, slots[nth % 2]).await;
        exits.push(std::mem::replace(&mut current, next).stop().await);
    }
    let (requests, messages) = tokio::join!(stop(loads), sockets.stop());
    exits.push(current.stop().await);
    let (service, front) = (service.name, front.name());
    let (tally, took) = (requests + messages, start.elapsed());
    Outcome { service, front, tally, exits, took, longest_stall: stalls.longest() }
}

async fn launch(service: &Service, front: &Front, slot: Slot) -> Instance {
    let instance = Instance::start(service, front, slot);
    let is_up = async {
        while !front.is_up(instance.slot).await {
            sleep(POLL_PAUSE).await;
        }
    };
    if timeout(PATIENCE, is_up).await.is_err() {
        panic!("{} is not ready:\n{}", service.name, instance.log());
    }
    instance
}

/// Waits until the callers have this number of answers.
async fn answered(loads: &[RunningLoad], requests: u64) {
    let answers = || loads.iter().map(|load| load.tally().answered).sum::<u64>();
    let enough = battlement_testkit::eventually(PATIENCE, || answers() >= requests).await;
    assert!(enough, "the callers have {} answers, expected {requests}", answers());
}

async fn stop(loads: Vec<RunningLoad>) -> Tally {
    let mut sum = Tally::default();
    // All at once, so that no caller meets an instance alone.
    for tally in futures_util::future::join_all(loads.into_iter().map(RunningLoad::stop)).await {
        sum = sum + tally;
    }
    sum
}
