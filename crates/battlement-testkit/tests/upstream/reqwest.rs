//! A reqwest client without retries.

use battlement_core::{Auto, Classify, Failure, Verdict};
use battlement_testkit::upstream::{Behavior, Upstream};
use http::Response;
use reqwest::{Body, Client, ClientBuilder, retry};
use tower::BoxError;

use crate::{
    BEHAVIORS,
    expect::{Protocol, check},
    judge::{judged, request},
};

fn builder() -> ClientBuilder {
    // By itself, reqwest repeats what HTTP/2 reports as not processed.
    Client::builder().no_proxy().retry(retry::never())
}

async fn send(
    client: &Client,
    upstream: &Upstream,
    behavior: Behavior,
) -> Result<Response<Body>, BoxError> {
    let request = request(upstream, behavior).map(|_| Body::default());
    Ok(client.execute(request.try_into()?).await?.into())
}

#[tokio::test]
async fn every_behavior_is_reported_over_http1() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let client = builder().build().unwrap();
        let outcome = judged(behavior, send(&client, &upstream, behavior)).await;
        drop(client);
        check(&upstream, Protocol::Http1, behavior, outcome).await;
    }
}

#[tokio::test]
async fn every_behavior_is_reported_over_http2() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let client = builder().http2_prior_knowledge().build().unwrap();
        let outcome = judged(behavior, send(&client, &upstream, behavior)).await;
        drop(client);
        check(&upstream, Protocol::Http2, behavior, outcome).await;
    }
}

#[tokio::test]
async fn a_refused_connection_is_judged_as_not_processed() {
    let mut upstream = Upstream::start().await.unwrap();
    upstream.refuse().await.unwrap();
    let client = builder().build().unwrap();
    let error = send(&client, &upstream, Behavior::Answer).await.unwrap_err();
    assert_eq!(Auto.error(&*error), Verdict::Failure(Failure::NotProcessed));
    assert_eq!(upstream.counts().received, 0);
}
