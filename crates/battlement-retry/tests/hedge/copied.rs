//! Which requests are copied, and which copy wins.

use std::{io, sync::Arc};

use battlement_core::DropReason;
use battlement_retry::{Attempts, Budgets, HedgeLayer, Http, Idempotency, Idempotent, ReplayBody};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Channel, Full};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Counts, DELAY, Sent, Upstream, get, post, put, status};

/// Returns the copies of a request whose first copy takes long.
async fn copies(layer: HedgeLayer<Http>, request: Request<Sent>) -> usize {
    let upstream = Upstream::of([(500, status(200))]);
    layer.after(DELAY).layer(upstream.service()).oneshot(request).await.unwrap();
    upstream.attempts()
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_sent_again_and_the_first_success_wins() {
    let upstream = Upstream::of([(500, status(200)), (10, status(201))]);
    let counts = Arc::new(Counts::default());
    let layer = HedgeLayer::http().after(DELAY).observe(Arc::clone(&counts));
    let start = Instant::now();
    let request = put(Full::from("order 7"));
    let response = layer.layer(upstream.service()).oneshot(request).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (201, Attempts(2)));
    assert_eq!(start.elapsed().as_millis(), 60);
    assert_eq!(upstream.times(start), [0, 50]);
    assert_eq!(
        upstream.seen(|seen| (seen.attempt, seen.body.clone())),
        [(1, Bytes::from("order 7")), (2, Bytes::from("order 7"))]
    );
    assert_eq!(upstream.dropped(), [Some(DropReason::Cancelled)]);
    assert_eq!(counts.sent_and_won(), (1, 1));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "body of 201");
}

#[tokio::test(start_paused = true)]
async fn the_first_copy_may_win_against_a_later_one() {
    let upstream = Upstream::of([(60, status(200)), (500, status(201))]);
    let counts = Arc::new(Counts::default());
    let layer = HedgeLayer::http().after(DELAY).observe(Arc::clone(&counts));
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (200, Attempts(2)));
    assert_eq!(upstream.dropped(), [Some(DropReason::Cancelled)]);
    assert_eq!(counts.sent_and_won(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fast_call_is_sent_once() {
    let upstream = Upstream::of([(49, status(200))]);
    let layer = HedgeLayer::http().after(DELAY);
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!(Attempts::of(&response), Attempts(1));
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_further_copy_waits_for_the_delay() {
    let upstream = Upstream::of([500, 500, 500, 500].map(|millis| (millis, status(200))));
    let layer = HedgeLayer::http().after(DELAY).copies(3);
    let start = Instant::now();
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!(upstream.times(start), [0, 50, 100]);
    assert_eq!((start.elapsed().as_millis(), Attempts::of(&response)), (500, Attempts(3)));
    assert_eq!(upstream.dropped(), [Some(DropReason::Cancelled); 2]);
}

#[tokio::test(start_paused = true)]
async fn only_requests_that_may_be_repeated_are_copied() {
    assert_eq!(copies(HedgeLayer::http(), get()).await, 2);
    assert_eq!(copies(HedgeLayer::http(), post()).await, 1);
    let keyed = || {
        let mut request = post();
        request.headers_mut().insert("idempotency-key", "\"7\"".parse().unwrap());
        request
    };
    assert_eq!(copies(HedgeLayer::http(), keyed()).await, 2);
    assert_eq!(copies(HedgeLayer::http().idempotency_key(false), keyed()).await, 1);
    let mut stated = get();
    stated.extensions_mut().insert(Idempotent(false));
    assert_eq!(copies(HedgeLayer::http(), stated).await, 1);
    let rules = Idempotency::default().rule(|head| head.uri.path().eq("/orders").then_some(true));
    assert_eq!(copies(HedgeLayer::http().idempotency(rules), post()).await, 2);
    let mut upgrade = get();
    upgrade.headers_mut().insert("upgrade", "websocket".parse().unwrap());
    assert_eq!(copies(HedgeLayer::http(), upgrade).await, 1);
}

#[tokio::test(start_paused = true)]
async fn only_bodies_that_are_known_to_fit_the_limit_are_copied() {
    let of = |bytes: usize| put(Full::from(vec![0; bytes]));
    assert_eq!(copies(HedgeLayer::http(), of(64 * 1024)).await, 2);
    assert_eq!(copies(HedgeLayer::http(), of(64 * 1024 + 1)).await, 1);
    assert_eq!(copies(HedgeLayer::http().replay_limit(10), of(11)).await, 1);

    // A body without a size has been read by the first copy before the second one is due.
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    sender.send_data(Bytes::from("order 7")).await.unwrap();
    drop(sender);
    assert_eq!(copies(HedgeLayer::http(), put(body)).await, 2);

    // The first copy still reads this one.
    let upstream = Upstream::of([(500, status(200))]);
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    let service = HedgeLayer::http().after(DELAY).layer(upstream.service());
    let send = async {
        tokio::time::sleep(2 * DELAY).await;
        sender.send_data(Bytes::from("order 7")).await.unwrap();
        drop(sender);
    };
    let (response, ()) = tokio::join!(service.oneshot(put(body)), send);
    assert_eq!(Attempts::of(&response.unwrap()), Attempts(1));
    assert_eq!(upstream.seen(|seen| seen.body.clone()), ["order 7"]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_the_copy_is_written_if_the_layer_is_set_so() {
    let upstream = Upstream::of([(500, status(200))]);
    let layer = HedgeLayer::http().after(DELAY).attempt_headers(true);
    layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!(upstream.seen(|seen| seen.headers["x-request-attempt"].clone()), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn extensions_that_a_closure_copies_reach_each_copy() {
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let upstream = tower::service_fn(move |request: Request<ReplayBody<Sent>>| {
        sender.send(request.extensions().get::<u8>().copied()).unwrap();
        std::future::pending::<io::Result<http::Response<Full<Bytes>>>>()
    });
    let layer = HedgeLayer::http().after(DELAY).copy_extensions(|from, to| {
        if let Some(value) = from.get::<u8>() {
            to.insert(*value);
        }
    });
    let mut request = get();
    request.extensions_mut().insert(7_u8);
    let call = layer.layer(upstream).oneshot(request);
    assert!(tokio::time::timeout(2 * DELAY, call).await.is_err());
    assert_eq!([received.recv().await, received.recv().await], [Some(Some(7)); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_sends_no_copy() {
    assert_eq!(copies(HedgeLayer::http().enabled(false), get()).await, 1);
    let layer = HedgeLayer::http().budget(Budgets::Unlimited);
    assert_eq!(copies(layer, get()).await, 2);
}
