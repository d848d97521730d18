use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply, RequestBody},
    upstream::{Behavior, Upstream},
};
use http::Request;
use tower::{Layer as _, ServiceExt as _};

use crate::{
    charge,
    ours::ours,
    peers::{SHORT, of_reqwest_retry_around},
    unavailable,
};

/// Returns a body of unknown length.
fn stream() -> reqwest::Body {
    reqwest::Body::wrap(ProbeBody::from("10 ").data("EUR").stream())
}

#[tokio::test]
async fn reqwest_retry_fails_a_request_with_a_streaming_body_before_it_is_sent() {
    let probe = Probe::new();
    let client = of_reqwest_retry_around(&probe, 1, SHORT);
    let sent = client.post("http://upstream.test").body(stream()).send().await;
    assert!(sent.unwrap_err().to_string().starts_with("Request object is not cloneable"));
    assert_eq!(probe.counts().calls, 0);
}

#[tokio::test]
async fn reqwest_does_not_repeat_a_request_with_a_streaming_body() {
    let behaviors = [Behavior::RefuseStream, Behavior::Answer];
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let upstream = Upstream::start().await.unwrap();
    charge(&client, &upstream, &behaviors).body(stream()).send().await.unwrap_err();
    assert_eq!((upstream.counts().refused, upstream.counts().received), (1, 0));

    let upstream = Upstream::start().await.unwrap();
    let sent = charge(&client, &upstream, &behaviors).body("10 EUR").send().await.unwrap();
    assert_eq!(sent.text().await.unwrap(), "10 EUR");
}

#[tokio::test(start_paused = true)]
async fn our_layer_repeats_a_request_with_a_streaming_body() {
    let probe = Probe::new();
    probe.next(unavailable().read_body());
    probe.always(Reply::body("done").read_body());
    let request = Request::put("/").body(ProbeBody::from("10 ").data("EUR").stream());
    let answer = ours().layer(probe.clone()).oneshot(request.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    let received: Vec<_> = probe.received().into_iter().map(|request| request.body).collect();
    let whole = RequestBody::Read { bytes: "10 EUR".into(), trailers: None };
    assert_eq!(received, [whole.clone(), whole]);
}
