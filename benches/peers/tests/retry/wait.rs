use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use battlement_retry::{Backoff, Jitter};
use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply},
    upstream::{Behavior, Upstream},
};
use battlement_timeout::DeadlineLayer;
use futures_util::FutureExt as _;
use http::{Response, StatusCode};
use reqwest_retry::{RetryDecision, RetryPolicy as _, policies::ExponentialBackoff};
use tokio::time::{Instant, timeout};
use tower::{Layer as _, Service as _, ServiceExt as _, retry::Retry};

use crate::{
    HOUR, charge, get,
    ours::ours,
    peers::{Repeat, SHORT, of_reqwest_retry_around, of_seatbelt, of_tower_resilience, unless_ok},
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

    let probe = fails_once();
    let service = ours().longest_wait(HOUR).layer(probe.clone());
    assert!(!holds(service.oneshot(get()), &probe).await);
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

    let (probe, start) = (fails_once(), Instant::now());
    let service = ours().longest_wait(HOUR).layer(probe.clone());
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    assert!(start.elapsed() >= Duration::from_secs(7));
    // The longest wait is 2 s by default.
    let probe = fails_once();
    assert_eq!(ours().layer(probe.clone()).oneshot(get()).await.unwrap().status(), 503);
    assert_eq!(probe.counts().calls, 1);
}

#[tokio::test]
async fn reqwest_repeats_a_request_without_a_wait() {
    let client = reqwest::Client::builder().retry(unless_ok()).build().unwrap();
    let upstream = Upstream::start().await.unwrap();
    let overloaded = Behavior::Overloaded(HOUR);
    let sent = charge(&client, &upstream, &[overloaded, overloaded, Behavior::Answer]).send();
    let sent = timeout(Duration::from_secs(60), sent).await.unwrap().unwrap();
    assert_eq!((sent.status().as_u16(), upstream.counts().received), (200, 3));
}

/// Returns whether a call ends before its caller gives it up.
async fn ends_in_time<T>(call: impl Future<Output = T>) -> bool {
    timeout(Duration::from_millis(50), call).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_peers_wait_past_the_deadline_of_their_caller() {
    let probe = Probe::new();
    probe.always(unavailable());
    let of_tower = Retry::new(Repeat { left: 2, wait: HOUR }, probe.clone());
    assert!(!ends_in_time(of_tower.oneshot(get())).await);
    let layer = of_tower_resilience().fixed_backoff(HOUR).build();
    assert!(!ends_in_time(layer.layer(probe.clone()).oneshot(get())).await);
    let client = of_reqwest_retry_around(&probe, 1, HOUR);
    assert!(!ends_in_time(client.get("http://upstream.test").send()).await);
    let layer = of_seatbelt().use_jitter(false).base_delay(HOUR);
    assert!(!ends_in_time(layer.layer(probe.clone()).oneshot(get())).await);
    assert_eq!(probe.counts().calls, 4);

    let layer = ours().overload_backoff(Backoff::new(Jitter::Equal, HOUR, HOUR));
    let deadline = DeadlineLayer::client(Duration::from_millis(50));
    let service = deadline.layer(layer.layer(probe.clone()));
    assert!(ends_in_time(service.oneshot(get())).await);
    assert_eq!(probe.counts().calls, 5);
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
