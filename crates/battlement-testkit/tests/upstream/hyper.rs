//! Hyper's clients with a connection per request.

use battlement_core::{Auto, Classify, Failure, Verdict};
use battlement_testkit::{
    client::{Http1, Http2},
    upstream::Upstream,
};

use crate::{
    BEHAVIORS,
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
async fn a_refused_connection_is_judged_as_not_processed() {
    let mut upstream = Upstream::start().await.unwrap();
    upstream.refuse().await.unwrap();
    let error = Http1::connect(upstream.addr()).await.unwrap_err();
    assert_eq!(Auto.error(&*error), Verdict::Failure(Failure::NotProcessed));
    assert_eq!(upstream.counts().received, 0);
}
