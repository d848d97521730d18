use battlement_testkit::{
    probe::{Probe, ProbeBody},
    upstream::{Behavior, Upstream},
};

use crate::{
    charge,
    peers::{SHORT, of_reqwest_retry_around},
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
