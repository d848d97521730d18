use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply},
    upstream::{Behavior, Upstream},
};
use futures_util::FutureExt as _;
use http::{Response, StatusCode};
use reqwest_retry::{RetryDecision, RetryPolicy as _, policies::ExponentialBackoff};
use tokio::time::{Instant, timeout};
use tower::{Layer as _, Service as _, ServiceExt as _, retry::Retry};

use crate::{
    HOUR, charge, get,
    peers::{Repeat, SHORT, of_reqwest_retry_around, of_seatbelt, of_tower_resilience},
    unavailable,
};

/// Returns whether a failed response is alive while a call waits for its next attempt.
async fn holds<T>(call: impl Future<Output = T>, probe: &Probe) -> bool {
    let mut call = pin!(call);
    for _ in 0..10 {
        assert!(call.as_mut().now_or_never().is_none());
    }
    assert_eq!(probe.counts().calls, 1);
    probe.counts().in_flight == 1
}

/// Returns a probe whose first answer is a failure with a body, and whose further answers are successes.
fn fails_once() -> Probe {
    let mut response = Response::new(ProbeBody::from("the service restarts"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert("retry-after", 7.into());
    let probe = Probe::new();
    probe.next(Reply::respond(response));
    probe
}

#[tokio::test]
async fn tower_resilience_and_reqwest_retry_hold_the_failed_response_while_they_wait() {
    let probe = fails_once();
    let layer = of_tower_resilience().fixed_backoff(HOUR).build();
    let mut service = layer.layer(probe.clone());
    assert!(holds(service.ready().await.unwrap().call(get()), &probe).await);

    let probe = fails_once();
    let client = of_reqwest_retry_around(&probe, 1, HOUR);
    assert!(holds(client.get("http://upstream.test").send(), &probe).await);

    let probe = fails_once();
    let mut service = Retry::new(Repeat { left: 2, wait: HOUR }, probe.clone());
    assert!(!holds(service.ready().await.unwrap().call(get()), &probe).await);

    let probe = fails_once();
    let mut service = of_seatbelt().base_delay(HOUR).layer(probe.clone());
    assert!(!holds(service.ready().await.unwrap().call(get()), &probe).await);
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_and_reqwest_retry_do_not_read_retry_after() {
    let (probe, start) = (fails_once(), Instant::now());
    let service = of_tower_resilience().build().layer(probe.clone());
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    assert_eq!((probe.counts().calls, start.elapsed()), (2, SHORT));

    let (probe, start) = (fails_once(), Instant::now());
    let client = of_reqwest_retry_around(&probe, 1, SHORT);
    assert_eq!(client.get("http://upstream.test").send().await.unwrap().status(), 200);
    assert_eq!((probe.counts().calls, start.elapsed()), (2, SHORT));
}

#[tokio::test]
async fn reqwest_repeats_a_request_without_a_wait() {
    let policy = reqwest::retry::for_host("127.0.0.1").classify_fn(|attempt| {
        if attempt.status().is_some_and(|status| status == 503) {
            attempt.retryable()
        } else {
            attempt.success()
        }
    });
    let client = reqwest::Client::builder().retry(policy).build().unwrap();
    let upstream = Upstream::start().await.unwrap();
    let overloaded = Behavior::Overloaded(HOUR);
    let sent = charge(&client, &upstream, &[overloaded, overloaded, Behavior::Answer]).send();
    let sent = timeout(Duration::from_secs(60), sent).await.unwrap().unwrap();
    assert_eq!((sent.status().as_u16(), upstream.counts().received), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_waits_past_the_deadline_of_its_caller() {
    let probe = Probe::new();
    probe.always(unavailable());
    let service = of_tower_resilience().fixed_backoff(HOUR).build().layer(probe.clone());
    let call = timeout(Duration::from_millis(50), service.oneshot(get()));
    assert!(call.await.is_err());
}

#[test]
fn reqwest_retry_begins_a_wait_that_ends_after_its_total_time() {
    let ten = Duration::from_secs(10);
    let policy = ExponentialBackoff::builder()
        .retry_bounds(ten, ten)
        .jitter(reqwest_retry::Jitter::None)
        .build_with_total_retry_duration(Duration::from_secs(1));
    let start = SystemTime::now();
    let RetryDecision::Retry { execute_after } = policy.should_retry(start, 0) else {
        panic!("the policy gives up")
    };
    assert!(execute_after >= start + ten);
}
