//! The failure of a copy, and the copies and the result that follow it.

use std::io;

use battlement_retry::{Attempts, HedgeLayer, Throttled};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{DELAY, Reply, Upstream, answer, get, post, status};

fn rejected() -> Reply {
    Err(io::Error::other(Throttled))
}

/// Returns the status (0 for an error), the time in milliseconds, and the times of the copies.
async fn send(
    copies: u32,
    plans: impl IntoIterator<Item = (u32, Reply)>,
) -> (u16, u128, Vec<u128>) {
    let upstream = Upstream::of(plans);
    let layer = HedgeLayer::http().after(DELAY).copies(copies);
    let start = Instant::now();
    let response = layer.layer(upstream.service()).oneshot(get()).await;
    let status = response.map_or(0, |response| response.status().as_u16());
    (status, start.elapsed().as_millis(), upstream.times(start))
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_may_be_repeated_starts_the_next_copy_at_once() {
    for code in [408, 502, 503, 504] {
        let sent = send(2, [(10, status(code)), (5, status(200))]).await;
        assert_eq!(sent, (200, 15, vec![0, 10]), "{code}");
    }
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused] {
        let sent = send(2, [(10, Err(kind.into())), (5, status(200))]).await;
        assert_eq!(sent, (200, 15, vec![0, 10]), "{kind:?}");
    }
    // The third copy follows the failure of the second one, while the first is in flight.
    let sent = send(3, [(500, status(200)), (10, status(502)), (5, status(200))]).await;
    assert_eq!(sent, (200, 65, vec![0, 50, 60]));
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_must_not_be_repeated_starts_no_copy() {
    for code in [429, 500, 501] {
        assert_eq!(send(2, [(10, status(code))]).await, (code, 10, vec![0]), "{code}");
    }
    let upstream = Upstream::of([(10, Err(io::ErrorKind::ConnectionRefused.into()))]);
    HedgeLayer::http().layer(upstream.service()).oneshot(post()).await.unwrap_err();
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_waits_for_the_copies_in_flight() {
    let sent = send(2, [(200, status(200)), (10, status(500))]).await;
    assert_eq!(sent, (200, 200, vec![0, 50]));
    let sent = send(2, [(60, status(500)), (200, status(200))]).await;
    assert_eq!(sent, (200, 250, vec![0, 50]));
    let sent = send(2, [(200, status(503)), (10, status(500))]).await;
    assert_eq!(sent, (503, 200, vec![0, 50]));
}

#[tokio::test(start_paused = true)]
async fn a_pushback_ends_the_hedging_of_the_call() {
    let busy = || answer(503, &[("retry-after", "1")]);
    assert_eq!(send(3, [(10, busy())]).await, (503, 10, vec![0]));
    // The copy in flight still wins, and no third one follows it.
    let sent = send(3, [(300, status(200)), (10, busy())]).await;
    assert_eq!(sent, (200, 300, vec![0, 50]));
    let stop = || {
        answer(
            200,
            &[
                ("content-type", "application/grpc"),
                ("grpc-status", "14"),
                ("grpc-retry-pushback-ms", "-1"),
            ],
        )
    };
    assert_eq!(send(3, [(10, stop())]).await, (200, 10, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn a_local_rejection_starts_no_copy_and_does_not_hide_a_failure_of_the_service() {
    assert_eq!(send(3, [(10, rejected())]).await, (0, 10, vec![0]));
    // The first copy goes on beside a copy that was rejected.
    let sent = send(3, [(200, status(200)), (0, rejected())]).await;
    assert_eq!(sent, (200, 200, vec![0, 50]));
    let sent = send(3, [(10, status(502)), (20, rejected())]).await;
    assert_eq!(sent, (502, 30, vec![0, 10]));
}

#[tokio::test(start_paused = true)]
async fn the_last_failure_goes_back_with_its_body() {
    let upstream = Upstream::of([(10, status(502)), (10, status(503))]);
    let layer = HedgeLayer::http().after(DELAY);
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (503, Attempts(2)));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "body of 503");

    // The failure of the first copy was read while the second one was in flight.
    let upstream = Upstream::of([(60, status(502)), (200, rejected())]);
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "body of 502");
}
