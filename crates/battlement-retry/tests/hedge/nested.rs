//! The layer inside a `RetryLayer`.

use battlement_retry::{Budget, Hedge, HedgeLayer, Http, ReplayBody, RetryLayer};
use http::Request;
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _, util::MapRequest};

use crate::support::{DELAY, Sent, Service, Upstream, boxed, get, status};

type Inner = MapRequest<Hedge<Service, Http>, fn(Request<ReplayBody<Sent>>) -> Request<Sent>>;

/// Returns the service that a retry layer wraps.
fn hedged(layer: &HedgeLayer<Http>, upstream: &Upstream) -> Inner {
    MapRequest::new(layer.layer(upstream.service()), |request| request.map(boxed))
}

#[tokio::test(start_paused = true)]
async fn the_first_attempt_is_hedged_and_a_retry_is_not() {
    let failures = [(500, status(502)), (10, status(502)), (300, status(200))];
    let upstream = Upstream::of(failures);
    let hedged = hedged(&HedgeLayer::http().after(DELAY), &upstream);
    let response = RetryLayer::http().layer(hedged).oneshot(get()).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(upstream.seen(|seen| seen.attempt), [1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_once_in_a_shared_budget() {
    let budget = Budget::new(0.5, 0);
    let hedge = HedgeLayer::http().after(DELAY).budget(budget.clone());
    let retry = RetryLayer::http().budget(budget.clone());
    for _ in 0..10 {
        retry.layer(hedged(&hedge, &Upstream::default())).oneshot(get()).await.unwrap();
    }
    assert_eq!(budget.remaining(Instant::now()), 5);
    hedge.layer(Upstream::default().service()).oneshot(get()).await.unwrap();
    hedge.layer(Upstream::default().service()).oneshot(get()).await.unwrap();
    assert_eq!(budget.remaining(Instant::now()), 6);
}

#[tokio::test(start_paused = true)]
async fn a_budget_of_its_own_counts_calls_of_an_outer_retry_layer() {
    let hedge = HedgeLayer::http().after(DELAY);
    let upstream = Upstream::of((0..300).map(|_| (500, status(200))));
    let service = RetryLayer::http().layer(hedged(&hedge, &upstream));
    let calls: Vec<_> = (0..100).map(|_| tokio::spawn(service.clone().oneshot(get()))).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(upstream.attempts(), 100 + 20 + 10);
}
