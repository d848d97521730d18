//! The delay by a percentile of the measured times.

use battlement_retry::{Budgets, HedgeDelay, HedgeLayer, Http};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{DELAY, Upstream, get, status};

/// Makes calls that each take this time in milliseconds, without a copy unless one is due.
async fn calls(layer: &HedgeLayer<Http>, count: usize, millis: u32) {
    let upstream = Upstream::default();
    let service = layer.layer(upstream.service());
    for _ in 0..count {
        upstream.push(millis);
        service.clone().oneshot(get()).await.unwrap();
    }
}

/// Returns the time before the copy of a slow call, in milliseconds.
async fn delay(layer: &HedgeLayer<Http>) -> Option<u128> {
    let upstream = Upstream::of([(60_000, status(200))]);
    let start = Instant::now();
    layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    upstream.times(start).get(1).copied()
}

#[tokio::test(start_paused = true)]
async fn a_percentile_needs_a_hundred_samples() {
    let layer = HedgeLayer::http().after(HedgeDelay::percentile(90));
    calls(&layer, 99, 10).await;
    // This call is the hundredth sample.
    assert_eq!(delay(&layer).await, None);
    let measured = delay(&layer).await.unwrap();
    assert!((10..=12).contains(&measured), "{measured}");

    // A failure starts a copy also before.
    let layer = HedgeLayer::http();
    let upstream = Upstream::of([(10, status(502))]);
    layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!(upstream.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_fallback_applies_before_there_are_enough_samples() {
    let layer = HedgeLayer::http().after(HedgeDelay::percentile(90).fallback(DELAY));
    assert_eq!(delay(&layer).await, Some(50));
    calls(&layer, 100, 10).await;
    let measured = delay(&layer).await.unwrap();
    assert!((10..=12).contains(&measured), "{measured}");
}

#[tokio::test(start_paused = true)]
async fn a_percentile_forgets() {
    let layer = HedgeLayer::http().after(HedgeDelay::percentile(90));
    calls(&layer, 3_000, 1_000).await;
    assert!(delay(&layer).await.unwrap() >= 1_000);
    calls(&layer, 5_000, 10).await;
    let measured = delay(&layer).await.unwrap();
    assert!((10..=12).contains(&measured), "{measured}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_lost_counts_as_slow() {
    // A tenth of the calls is slow. If the calls that lost were not counted, the percentile would be that of the fast
    // ones, and then of the fastest among them.
    let layer = HedgeLayer::http().after(HedgeDelay::percentile(80)).budget(Budgets::Unlimited);
    let upstream = Upstream::default();
    let service = layer.layer(upstream.service());
    let mut copies = 0;
    for call in 0..4_000_u32 {
        // The calls of 10 ms to 18 ms are spread evenly.
        upstream.push(if call % 10 == 9 { 500 } else { 10 + call % 9 });
        let before = upstream.attempts();
        service.clone().oneshot(get()).await.unwrap();
        let sent = upstream.attempts() - before;
        if call >= 2_000 {
            copies += sent - 1;
        }
    }
    assert!((200..=500).contains(&copies), "{copies} of 2,000 calls");
}

#[test]
fn invalid_times_and_percentiles_are_refused() {
    let zero = HedgeDelay::try_fixed(std::time::Duration::ZERO).unwrap_err();
    assert!(zero.to_string().contains("delay: must be greater than zero"), "{zero}");
    let hundred = HedgeDelay::try_percentile(100).unwrap_err();
    assert!(hundred.to_string().contains("percentile: must be 1 to 99, got 100"), "{hundred}");
    let none = HedgeDelay::percentile(90).try_fallback(std::time::Duration::ZERO).unwrap_err();
    assert!(none.to_string().contains("fallback: must be greater than zero"), "{none}");
}
