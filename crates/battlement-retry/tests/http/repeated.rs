//! Which requests and failures are repeated.

use std::io::ErrorKind;

use battlement_retry::{Attempts, Idempotency, Idempotent, RetryLayer};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Reply, Upstream, answer, error, get, post, status, with_key};

/// Sends `request` to an upstream that replies once with `reply`, and then with 200. Returns the attempts.
async fn attempts(request: Request<Full<Bytes>>, reply: Reply) -> usize {
    let upstream = Upstream::of([reply]);
    let _ = RetryLayer::http().layer(upstream.service()).oneshot(request).await;
    upstream.attempts()
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_request_is_repeated_after_failures_that_another_attempt_may_mend() {
    for code in [408, 502, 503, 504] {
        assert_eq!(attempts(get(), status(code)).await, 2, "{code}");
        assert_eq!(attempts(post(), status(code)).await, 1, "POST, {code}");
        assert_eq!(attempts(with_key(post()), status(code)).await, 2, "POST with a key, {code}");
    }
    for code in [200, 301, 400, 404, 409, 422, 429, 500, 501, 505] {
        assert_eq!(attempts(get(), status(code)).await, 1, "{code}");
    }
    for kind in [ErrorKind::ConnectionReset, ErrorKind::TimedOut, ErrorKind::UnexpectedEof] {
        assert_eq!(attempts(get(), error(kind)).await, 2, "{kind:?}");
        assert_eq!(attempts(post(), error(kind)).await, 1, "POST, {kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_provably_not_processed_is_repeated_once() {
    let refused = || error(ErrorKind::ConnectionRefused);
    let upstream = Upstream::of([refused(), refused(), refused()]);
    let service = RetryLayer::http().layer(upstream.service());
    service.clone().oneshot(post()).await.unwrap_err();
    assert_eq!(upstream.attempts(), 2);
    let upstream = Upstream::of([refused(), refused()]);
    let service = RetryLayer::http().layer(upstream.service());
    service.oneshot(get()).await.unwrap();
    assert_eq!(upstream.attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_too_many_requests_is_repeated_only_with_a_time() {
    assert_eq!(attempts(get(), answer(429, &[("retry-after", "1")])).await, 2);
    assert_eq!(attempts(get(), answer(429, &[])).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_a_time_is_repeated_if_the_request_has_a_key() {
    let in_progress = || answer(409, &[("retry-after", "1")]);
    assert_eq!(attempts(with_key(post()), in_progress()).await, 2);
    assert_eq!(attempts(post(), in_progress()).await, 1);
    assert_eq!(attempts(get(), in_progress()).await, 1);
    assert_eq!(attempts(with_key(post()), status(409)).await, 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_answer_goes_back_unchanged_with_the_number_of_attempts() {
    let upstream = Upstream::of([status(503), status(502), answer(504, &[("x-last", "yes")])]);
    let layer = RetryLayer::http();
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (504, Attempts(3)));
    assert_eq!(response.headers()["x-last"], "yes");
    assert_eq!(upstream.seen(|seen| seen.attempt), [1, 2, 3]);
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    assert_eq!(body, "body of 504");
}

#[tokio::test(start_paused = true)]
async fn a_request_or_a_closure_states_what_is_idempotent() {
    let mut request = get();
    request.extensions_mut().insert(Idempotent(false));
    assert_eq!(attempts(request, status(503)).await, 1);
    let mut request = post();
    request.extensions_mut().insert(Idempotent(true));
    assert_eq!(attempts(request, status(503)).await, 2);
    let rules = Idempotency::default().rule(|head| head.uri.path().eq("/orders").then_some(true));
    let upstream = Upstream::of([status(503)]);
    let layer = RetryLayer::http().idempotency(rules);
    layer.layer(upstream.service()).oneshot(post()).await.unwrap();
    assert_eq!(upstream.seen(|seen| seen.body.clone()), ["order 7", "order 7"]);
}

#[tokio::test(start_paused = true)]
async fn a_proxy_can_ignore_the_keys_of_its_clients() {
    let upstream = Upstream::of([status(503)]);
    let layer = RetryLayer::http().idempotency_key(false);
    layer.layer(upstream.service()).oneshot(with_key(post())).await.unwrap();
    assert_eq!(upstream.attempts(), 1);
}
