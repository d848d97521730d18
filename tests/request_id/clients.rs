//! Every client propagates the id, and an owned trace.

use battlement::request_id::{PropagateLayer, RequestIdLayer, TraceContext, scope};
use battlement_testkit::{
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use tonic::transport::Endpoint;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::services::{header_service, hyper_client};

const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

async fn upstream() -> Server {
    Server::http1(header_service()).await.unwrap()
}

fn job() -> battlement::request_id::RequestId {
    "a-job-of-the-night".parse().unwrap()
}

#[tokio::test]
async fn a_client_of_hyper_util_carries_the_id() {
    let upstream = upstream().await;
    let client = PropagateLayer::new().layer(hyper_client());
    let request = Request::get(upstream.url("/")).body(Empty::new()).unwrap();
    let answer = scope(job(), client.oneshot(request)).await.unwrap();
    let sent = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(sent, "x-request-id: a-job-of-the-night\n");
}

#[tokio::test]
async fn a_client_of_reqwest_carries_the_id() {
    let upstream = upstream().await;
    let client = reqwest::Client::new();
    let request = client.get(upstream.url("/")).build().unwrap();
    let mut client = PropagateLayer::new().layer(client);
    let answer = scope(job(), async { client.ready().await.unwrap().call(request).await });
    let sent = answer.await.unwrap().text().await.unwrap();
    assert!(sent.contains("x-request-id: a-job-of-the-night\n"), "{sent}");
}

/// Starts a service that redirects every request to `url`.
async fn redirecting(url: String) -> Server {
    Server::http1(service_fn(move |_: Request<hyper::body::Incoming>| {
        let answer = Response::builder().status(302).header("location", &url);
        let answer = answer.body(Full::<Bytes>::default()).unwrap();
        async { Ok::<_, std::convert::Infallible>(answer) }
    }))
    .await
    .unwrap()
}

#[tokio::test]
async fn reqwest_sends_the_headers_to_another_host_unless_redirects_are_disabled() {
    let other = upstream().await;
    let first = redirecting(other.url("/").replace("127.0.0.1", "localhost")).await;
    let following = reqwest::Client::new();
    let staying = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let staying = staying.build().unwrap();
    for (client, status, reaches_the_other) in [(following, 200, true), (staying, 302, false)] {
        let request = client.get(first.url("/")).header("tracestate", "foo=1").build().unwrap();
        let client = PropagateLayer::new().layer(client);
        let answer = scope(job(), client.oneshot(request)).await.unwrap();
        assert_eq!(answer.status(), status);
        let sent = answer.text().await.unwrap();
        for header in ["x-request-id: a-job-of-the-night", "tracestate: foo=1"] {
            assert_eq!(sent.contains(header), reaches_the_other, "{sent}");
        }
    }
}

#[tokio::test]
async fn a_channel_of_tonic_carries_the_id() {
    let router = tonic::transport::Server::builder().add_service(EchoServer);
    let upstream = Server::tonic(router).await.unwrap();
    let channel = Endpoint::from_shared(upstream.url("")).unwrap().connect().await.unwrap();
    let mut client = EchoClient::new(PropagateLayer::new().layer(channel));
    let answer = scope(job(), async { client.say(Words::new("hello")).await }).await.unwrap();
    // The echo service returns all metadata with this prefix.
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "a-job-of-the-night");
}

#[tokio::test]
async fn a_request_has_the_same_id_in_three_services() {
    let last = upstream().await;
    let middle = forwarding(&last).await;
    let first = forwarding(&middle).await;
    let request = Request::get(first.url("/"))
        .header("x-request-id", "the-one-and-only")
        .header("traceparent", TRACEPARENT)
        .header("tracestate", "foo=1,bar=2")
        .body(Empty::new())
        .unwrap();
    let answer = hyper_client().request(request).await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "the-one-and-only");
    let sent = answer.into_body().collect().await.unwrap().to_bytes();
    let sent = String::from_utf8(sent.to_vec()).unwrap();
    assert!(sent.contains("x-request-id: the-one-and-only\n"), "{sent}");
    assert!(sent.contains("traceparent: 00-12345678901234567890123456789012-"), "{sent}");
    assert!(!sent.contains("-1234567890123456-"), "each hop has a span of its own: {sent}");
    assert!(sent.contains("tracestate: foo=1,bar=2\n"), "{sent}");
}

/// Starts a service that calls the next one and returns its response.
async fn forwarding(next: &Server) -> Server {
    let next = next.url("/");
    let client = ServiceBuilder::new().layer(PropagateLayer::new()).service(hyper_client());
    let handler = service_fn(move |_: Request<hyper::body::Incoming>| {
        let request = Request::get(&next).body(Empty::new()).unwrap();
        let client = client.clone();
        async move {
            let answer = client.oneshot(request).await?;
            let said: Bytes = answer.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, hyper_util::client::legacy::Error>(Response::new(Full::new(said)))
        }
    });
    let layer = RequestIdLayer::new().trace_context(TraceContext::Own);
    Server::http1(layer.layer(handler)).await.unwrap()
}
