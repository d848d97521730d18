use std::time::Duration;

use battlement_testkit::{
    probe::{Probe, Reply},
    upstream::{Behavior, Upstream},
};
use http::Response;
use reqwest_retry::Retryable;
use tower::{Layer as _, ServiceExt as _};
use tower_resilience_retry::RetryLayer;

use crate::{
    BROKEN, charge, ours,
    peers::{of_reqwest_retry, of_tower_resilience},
    post, unavailable,
};

#[tokio::test(start_paused = true)]
async fn tower_resilience_repeats_every_error_of_a_post() {
    let probe = Probe::new();
    probe.always(Reply::error(BROKEN));
    let service = RetryLayer::builder().build().layer(probe.clone());
    assert_eq!(service.oneshot(post()).await.unwrap_err(), BROKEN);
    assert_eq!(probe.counts().calls, 3);
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_repeats_no_response_unless_a_closure_selects_it() {
    let probe = Probe::new();
    probe.always(unavailable());
    let service = RetryLayer::builder().build().layer(probe.clone());
    let answer: Result<crate::Answer, _> = service.oneshot(post()).await;
    assert_eq!((answer.unwrap().status().as_u16(), probe.counts().calls), (503, 1));
    let service = of_tower_resilience().build().layer(probe.clone());
    assert_eq!(service.oneshot(post()).await.unwrap().status(), 503);
    assert_eq!(probe.counts().calls, 1 + 3);
}

#[tokio::test]
async fn reqwest_retry_repeats_a_post_that_was_processed() {
    let upstream = Upstream::start().await.unwrap();
    let client = of_reqwest_retry(reqwest::Client::new());
    let charge = client.post(upstream.url("/charges")).body("10 EUR");
    let error = charge.header(Behavior::HEADER, Behavior::ResetHead).send().await.unwrap_err();
    assert_eq!(error.to_string(), "Request failed after 2 retries");
    assert_eq!(upstream.counts().processed, 3);
}

#[tokio::test]
async fn reqwest_retry_repeats_a_post_that_got_an_internal_error() {
    let upstream = Upstream::start().await.unwrap();
    let client = of_reqwest_retry(reqwest::Client::new());
    let charge = client.post(upstream.url("/charges")).body("10 EUR");
    let answer = charge.header(Behavior::HEADER, Behavior::Error).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), upstream.counts().received), (500, 3));
}

#[tokio::test]
async fn reqwest_retry_repeats_a_post_that_took_too_long() {
    let upstream = Upstream::start().await.unwrap();
    let client = reqwest::Client::builder().timeout(Duration::from_millis(100)).build().unwrap();
    let charge = of_reqwest_retry(client).post(upstream.url("/charges")).body("10 EUR");
    charge.header(Behavior::HEADER, Behavior::Hang).send().await.unwrap_err();
    assert_eq!(upstream.counts().received, 3);
}

#[test]
fn reqwest_retry_repeats_408_and_429_and_every_5xx() {
    let is_repeated = |status: &u16| {
        let answer = Response::builder().status(*status).body("").unwrap();
        let found = Retryable::from_reqwest_response(&Ok(answer.into()));
        found == Some(Retryable::Transient)
    };
    let repeated = [408, 429, 500, 501, 502, 503, 504, 505, 511];
    assert!(repeated.iter().all(is_repeated));
    assert!(![200, 404, 409, 425].iter().any(is_repeated));
}

/// Returns a client of HTTP/2 with reqwest's default retries, or without any.
fn http2(retries: bool) -> reqwest::Client {
    let client = reqwest::Client::builder().http2_prior_knowledge();
    let client = if retries { client } else { client.retry(reqwest::retry::never()) };
    client.build().unwrap()
}

#[tokio::test]
async fn reqwest_repeats_a_post_only_if_it_was_refused_over_http2() {
    use Behavior::{Answer, GoAway, RefuseStream, ResetHead};
    for refuse in [RefuseStream, GoAway] {
        let upstream = Upstream::start().await.unwrap();
        let sent = charge(&http2(true), &upstream, &[refuse, Answer]).send().await;
        assert_eq!(sent.unwrap().status(), 200);
        assert_eq!((upstream.counts().refused, upstream.counts().processed), (1, 1));
    }

    let upstream = Upstream::start().await.unwrap();
    charge(&http2(true), &upstream, &[ResetHead, Answer]).send().await.unwrap_err();
    assert_eq!(upstream.counts().processed, 1);
    let upstream = Upstream::start().await.unwrap();
    let sent = charge(&reqwest::Client::new(), &upstream, &[Behavior::Error, Answer]).send().await;
    assert_eq!((sent.unwrap().status().as_u16(), upstream.counts().received), (500, 1));
}

#[tokio::test]
async fn reqwest_repeats_a_refused_request_twice_at_once() {
    let upstream = Upstream::start().await.unwrap();
    charge(&http2(true), &upstream, &[Behavior::RefuseStream]).send().await.unwrap_err();
    assert_eq!(upstream.counts().refused, 3);
}

#[tokio::test]
async fn reqwest_retry_does_not_repeat_a_refused_request() {
    let upstream = Upstream::start().await.unwrap();
    let client = of_reqwest_retry(http2(false));
    let charge = client.get(upstream.url("/")).header(Behavior::HEADER, Behavior::RefuseStream);
    charge.send().await.unwrap_err();
    assert_eq!(upstream.counts().refused, 1);
}

#[tokio::test]
async fn reqwest_repeats_a_request_outside_of_the_scope_of_its_policy_once() {
    for (host, attempts) in [("127.0.0.1", 3), ("elsewhere.test", 2)] {
        let upstream = Upstream::start().await.unwrap();
        let policy = reqwest::retry::for_host(host).classify_fn(|attempt| match attempt.status() {
            Some(status) if status.is_server_error() => attempt.retryable(),
            _ => attempt.success(),
        });
        let client = reqwest::Client::builder().retry(policy).build().unwrap();
        let sent = charge(&client, &upstream, &[Behavior::Error]).send().await.unwrap();
        assert_eq!((sent.status().as_u16(), upstream.counts().received), (500, attempts));
    }
}

#[tokio::test]
async fn our_layer_repeats_a_post_only_if_it_has_a_key_or_was_refused() {
    use Behavior::{Answer, Error, GoAway, RefuseStream, ResetHead};
    let upstream = Upstream::start().await.unwrap();
    ours::send(ours::charge(&upstream, &[ResetHead], false), false).await.unwrap_err();
    assert_eq!(upstream.counts().processed, 1);

    let upstream = Upstream::start().await.unwrap();
    let sent = ours::send(ours::charge(&upstream, &[ResetHead, Answer], true), false).await;
    assert_eq!((sent.unwrap().as_u16(), upstream.counts().processed), (200, 2));

    for refuse in [RefuseStream, GoAway] {
        let upstream = Upstream::start().await.unwrap();
        ours::send(ours::charge(&upstream, &[refuse], false), true).await.unwrap_err();
        assert_eq!((upstream.counts().refused, upstream.counts().processed), (2, 0));
    }

    let upstream = Upstream::start().await.unwrap();
    let sent = ours::send(ours::charge(&upstream, &[Error], true), false).await;
    assert_eq!((sent.unwrap().as_u16(), upstream.counts().received), (500, 1));
}
