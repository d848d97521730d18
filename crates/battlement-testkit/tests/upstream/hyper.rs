//! Hyper's clients with a connection per request.

use battlement_core::{Auto, Classify, Failure, Verdict};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    upstream::{BODY, Upstream},
};
use http::header::CONTENT_TYPE;

use crate::{
    BEHAVIORS, STREAM,
    expect::{Protocol, check},
    judge::{judged, request},
};

#[tokio::test]
async fn every_behavior_is_reported_over_http1() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let mut client = Http1::connect(upstream.addr()).await.unwrap();
        let outcome = judged(behavior, client.send(request(&upstream, behavior))).await;
        drop(client);
        check(&upstream, Protocol::Http1, behavior, outcome).await;
    }
}

#[tokio::test]
async fn every_behavior_is_reported_over_http2() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let mut client = Http2::connect(upstream.addr()).await.unwrap();
        let outcome = judged(behavior, client.send(request(&upstream, behavior))).await;
        drop(client);
        check(&upstream, Protocol::Http2, behavior, outcome).await;
    }
}

#[tokio::test]
async fn a_stream_is_an_event_stream_in_http() {
    let upstream = Upstream::start().await.unwrap();
    let mut http1 = Http1::connect(upstream.addr()).await.unwrap();
    let mut http2 = Http2::connect(upstream.addr()).await.unwrap();
    for response in [
        http1.send(request(&upstream, STREAM)).await.unwrap(),
        http2.send(request(&upstream, STREAM)).await.unwrap(),
    ] {
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let text = Collected::of(response).await.unwrap().text();
        assert_eq!(text, format!("data: {}\n\n", BODY.trim_end()).repeat(3));
    }
}

#[tokio::test]
async fn a_refused_connection_is_judged_as_not_processed() {
    let mut upstream = Upstream::start().await.unwrap();
    upstream.refuse().await.unwrap();
    let error = Http1::connect(upstream.addr()).await.unwrap_err();
    assert_eq!(Auto.error(&*error), Verdict::Failure(Failure::NotProcessed));
    assert_eq!(upstream.counts().received, 0);
}
