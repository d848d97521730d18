//! A tonic channel, and a generated client on it.

use battlement_core::{Auto, Classify, Failure, Verdict};
use battlement_testkit::{
    client::{Collected, Http2},
    echo::{EchoClient, Words},
    eventually,
    upstream::{ATTEMPT, Behavior, Break, Upstream},
};
use bytes::Bytes;
use http::{HeaderValue, header::CONTENT_TYPE};
use tokio::time::timeout;
use tonic::{Code, Request, Status, body::Body, transport::Channel};
use tower::{Service as _, ServiceExt as _};

use crate::{
    BEHAVIORS, DEADLINE, PATIENCE, PAUSE, STREAM, WAIT, broken,
    expect::{Protocol, check},
    hangs,
    judge::{judged, request},
};

/// A message of length 4.
const MESSAGE: &[u8] = b"\0\0\0\0\x04\x0a\x02hi";

fn channel(upstream: &Upstream) -> Channel {
    Channel::from_shared(upstream.url("")).unwrap().connect_lazy()
}

async fn say(upstream: &Upstream, behavior: Behavior) -> Result<tonic::Response<Words>, Status> {
    let mut request = Request::new(Words::new("hello"));
    let value = behavior.to_string().parse().unwrap();
    request.metadata_mut().insert(Behavior::HEADER, value);
    EchoClient::new(channel(upstream)).say(request).await
}

#[tokio::test]
async fn every_behavior_is_reported_by_a_channel() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let mut channel = channel(&upstream);
        let mut request = request(&upstream, behavior);
        let content_type = HeaderValue::from_static("application/grpc");
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        let body = http_body_util::Full::new(Bytes::from_static(MESSAGE));
        let request = request.map(|_| Body::new(body));
        let call = async { Ok(channel.ready().await?.call(request).await?) };
        let outcome = judged(behavior, call).await;
        drop(channel);
        check(&upstream, Protocol::Grpc, behavior, outcome).await;
    }
}

#[tokio::test]
async fn a_generated_client_gets_its_message_back() {
    let upstream = Upstream::start().await.unwrap();
    let response = say(&upstream, Behavior::Answer).await.unwrap();
    assert_eq!(response.metadata().get(ATTEMPT).unwrap(), "1");
    assert_eq!(response.into_inner(), Words::new("hello"));
}

#[tokio::test]
async fn a_generated_client_gets_the_status_of_a_failure() {
    let upstream = Upstream::start().await.unwrap();
    for behavior in [Behavior::Error, Behavior::FailTrailers] {
        let status = say(&upstream, behavior).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{behavior}");
    }
    let status = say(&upstream, Behavior::Overloaded(WAIT)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.metadata().get("grpc-retry-pushback-ms").unwrap(), "7000");
}

async fn repeat(upstream: &Upstream, behavior: Behavior) -> (usize, Result<(), Status>) {
    let mut request = Request::new(Words::new("hello"));
    let value = behavior.to_string().parse().unwrap();
    request.metadata_mut().insert(Behavior::HEADER, value);
    let response = EchoClient::new(channel(upstream)).repeat(request).await.unwrap();
    let (mut stream, mut messages) = (response.into_inner(), 0);
    loop {
        match stream.message().await {
            Ok(Some(words)) => assert_eq!(words, Words::new("hello")),
            Ok(None) => return (messages, Ok(())),
            Err(status) => return (messages, Err(status)),
        }
        messages += 1;
    }
}

#[tokio::test]
async fn a_server_stream_has_all_its_messages_and_ends_with_its_status() {
    let upstream = Upstream::start().await.unwrap();
    let (messages, end) = repeat(&upstream, STREAM).await;
    assert_eq!(messages, 3);
    end.unwrap();
    let (messages, end) = repeat(&upstream, Behavior::FailTrailers).await;
    assert_eq!((messages, end.unwrap_err().code()), (1, Code::Internal));
}

#[tokio::test]
async fn a_server_stream_that_breaks_has_delivered_all_messages_before() {
    let upstream = Upstream::start().await.unwrap();
    for (by, codes) in [
        (Break::FailTrailers, [Code::Internal; 2]),
        (Break::ResetStream, [Code::Internal; 2]),
        // The code depends on the part of tonic that meets the error.
        (Break::ResetConnection, [Code::Unknown, Code::Cancelled]),
        (Break::Truncate, [Code::Unknown; 2]),
    ] {
        let (messages, end) = repeat(&upstream, broken(by)).await;
        assert_eq!(messages, 3, "{by:?}: {end:?}");
        assert!(codes.contains(&end.clone().unwrap_err().code()), "{by:?}: {end:?}");
    }
}

#[tokio::test]
async fn a_reset_stream_leaves_its_connection_open() {
    let upstream = Upstream::start().await.unwrap();
    let mut client = Http2::connect(upstream.addr()).await.unwrap();
    let reset = client.send(request(&upstream, broken(Break::ResetStream))).await.unwrap();
    Collected::of(reset).await.unwrap_err();
    client.get("/").await.unwrap();
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn a_server_stream_whose_client_goes_away_ends() {
    let upstream = Upstream::start().await.unwrap();
    let mut request = Request::new(Words::new("hello"));
    let endless = Behavior::Stream { events: u16::MAX, pause: PAUSE };
    let value = endless.to_string().parse().unwrap();
    request.metadata_mut().insert(Behavior::HEADER, value);
    let response = EchoClient::new(channel(&upstream)).repeat(request).await.unwrap();
    let mut stream = response.into_inner();
    assert!(stream.message().await.unwrap().is_some());
    assert_eq!(upstream.counts().in_flight, 1);
    drop(stream);
    assert!(eventually(DEADLINE, || upstream.counts().in_flight == 0).await);
}

#[tokio::test]
async fn a_refused_connection_is_judged_as_not_processed() {
    let mut upstream = Upstream::start().await.unwrap();
    upstream.refuse().await.unwrap();
    let status = say(&upstream, Behavior::Answer).await.unwrap_err();
    assert_eq!(Auto.error(&status), Verdict::Failure(Failure::NotProcessed), "{status:?}");
    assert_eq!(upstream.counts().received, 0);
}

#[tokio::test]
async fn a_status_is_judged_as_not_processed_only_if_the_upstream_has_not_received_the_call() {
    for behavior in BEHAVIORS {
        let upstream = Upstream::start().await.unwrap();
        let patience = if hangs(behavior) { PATIENCE } else { DEADLINE };
        let Ok(Err(status)) = timeout(patience, say(&upstream, behavior)).await else { continue };
        let is_not_processed = Auto.error(&status) == Verdict::Failure(Failure::NotProcessed);
        assert_eq!(is_not_processed, upstream.counts().received == 0, "{behavior}: {status:?}");
    }
}
