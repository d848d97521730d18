//! Restarts of the shop under load, with as many answers on the side of the callers as in the reports of the processes.

mod caller;
mod fleet;

use std::{mem::replace, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use self::{caller::Caller, fleet::Fleet};

const KEPT_ALIVE: usize = 12;
const ONE_EACH: usize = 4;
/// The answers before each restart, so that each instance is busy when it is stopped.
const ANSWERS: u64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_restarts_under_load_lose_no_request() {
    let fleet = Arc::new(Fleet::default());
    let mut current = fleet.launch().await;
    let mut callers = JoinSet::new();
    for nth in 0..KEPT_ALIVE + ONE_EACH {
        callers.spawn(Caller::new(&fleet, nth < KEPT_ALIVE).run());
    }
    let mut reported = 0;
    for restart in 1..=2 {
        fleet.answered(restart * ANSWERS).await;
        let previous = replace(&mut current, fleet.launch().await);
        reported += fleet.stop(previous);
    }
    fleet.answered(3 * ANSWERS).await;
    fleet.end();
    let lost: Vec<_> = callers.join_all().await.into_iter().flatten().collect();
    reported += fleet.stop(current);
    assert_eq!(lost, [""; 0]);
    assert_eq!(reported, fleet.answers());
}

/// Waits for a condition that is met soon.
async fn until(mut condition: impl FnMut() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.unwrap();
}
