//! Each way in which a request can end, over HTTP/1 and HTTP/2, gives its permit back once, and not before its body.

use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::matrix::Way;
use tower::Layer as _;

use super::support::SECOND;

#[tokio::test]
async fn each_way_to_end_gives_the_permit_back_at_the_end_of_the_body() {
    for (way, protocol) in Way::each() {
        let (layer, handle) = ConcurrencyLimitLayer::fixed(8).pair();
        let held = move || handle.snapshot().in_flight as u64;
        way.run_held(protocol, |responses| layer.layer(responses), held).await;
    }
}

#[tokio::test]
async fn each_way_to_end_gives_the_permit_back_with_an_adaptive_limit_and_a_queue() {
    for (way, protocol) in Way::each() {
        let (layer, handle) = ConcurrencyLimitLayer::adaptive().queue(8, SECOND).pair();
        let held = move || handle.snapshot().in_flight as u64;
        way.run_held(protocol, |responses| layer.layer(responses), held).await;
    }
}
