//! The layer ends the calls that tower's timeout ends, at the same times.

use std::{convert::Infallible, time::Duration};

use battlement_timeout::TimeoutLayer;
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

async fn work(steps: Vec<u16>) -> Result<usize, Infallible> {
    for step in &steps {
        sleep(Duration::from_micros(u64::from(*step))).await;
    }
    Ok(steps.len())
}

async fn outcome<S>(mut service: S, steps: Vec<u16>, idle: u16) -> (Option<usize>, Duration)
where
    S: Service<Vec<u16>, Response = usize, Error = BoxError>,
{
    let start = Instant::now();
    let call = service.ready().await.unwrap().call(steps);
    // The time counts from the call, and not from the first poll of its future.
    sleep(Duration::from_micros(u64::from(idle))).await;
    let result = call.await.ok();
    (result, start.elapsed())
}

proptest! {
    #[test]
    fn the_same_calls_end_at_the_same_times_as_with_towers_timeout(
        steps in prop::collection::vec(any::<u16>(), 0..5),
        limit in 1..200_000_u64,
        idle in prop_oneof![Just(0), any::<u16>()],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let limit = Duration::from_micros(limit);
        let (ours, towers) = runtime.block_on(async {
            let ours = TimeoutLayer::new(limit).as_error().layer(service_fn(work));
            let ours = outcome(ours, steps.clone(), idle).await;
            let towers = tower::timeout::TimeoutLayer::new(limit).layer(service_fn(work));
            (ours, outcome(towers, steps, idle).await)
        });
        prop_assert_eq!(ours, towers);
    }
}
