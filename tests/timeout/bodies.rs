//! Bodies that drip: each byte arrives in time, the whole never.

use std::{convert::Infallible, time::Duration};

use axum::{Router, routing::post};
use battlement::{
    metrics::HttpMetrics,
    timeout::{BodyLimits, BodyTimeoutLayer, Elapsed, ElapsedKind, TimeoutBody},
};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    eventually,
    server::Server,
    upstream::{BODY, Behavior, Upstream},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};

use crate::page::{PATIENCE, assert_one_timeout, ms, settled};

/// The pause of a sender that drips, which each idle limit allows.
const PAUSE: Duration = ms(10);

/// Returns limits that a dripping body meets with each byte, and exceeds as a whole.
fn limited() -> BodyTimeoutLayer {
    let limits = BodyLimits::new().first_byte(ms(150)).idle(ms(150)).total(ms(150));
    BodyTimeoutLayer::new().request(limits).response(limits)
}

/// Returns a body that sends a byte after each pause, forever.
fn drip() -> impl Body<Data = Bytes, Error = Infallible> + Send + 'static {
    let bytes = stream::unfold((), async |()| {
        tokio::time::sleep(PAUSE).await;
        Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
    });
    StreamBody::new(bytes.boxed())
}

#[tokio::test]
async fn a_client_that_drips_its_body_gets_408() {
    let metrics = HttpMetrics::new();
    let layers = ServiceBuilder::new().layer(metrics.server_layer()).layer(limited());
    let router = Router::new().route("/", post(async |body: Bytes| body)).layer(layers);
    let server = Server::axum(router).await.unwrap();
    let request = || Request::post("/").body(drip()).unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let response = Collected::of(client.send(request()).await.unwrap()).await.unwrap();
    assert_eq!((response.status.as_u16(), response.header("connection")), (408, Some("close")));
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let response = Collected::of(client.send(request()).await.unwrap()).await.unwrap();
    assert_eq!((response.status.as_u16(), response.header("connection")), (408, None));
    settled(&metrics, 2).await;
}

/// Returns a call that the upstream answers byte by byte.
fn call<B: Body + Default>(upstream: &Upstream) -> Request<B> {
    let call = Request::get(upstream.url("/")).header(Behavior::HEADER, dripping());
    call.body(B::default()).unwrap()
}

fn dripping() -> String {
    Behavior::Drip(ms(30)).to_string()
}

#[tokio::test]
async fn an_upstream_that_drips_its_body_is_cut() {
    let upstream = Upstream::start().await.unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http::<TimeoutBody<Empty<Bytes>>>();
    let client = limited().as_error().layer(client);
    let mut body = client.oneshot(call(&upstream)).await.unwrap().into_body();
    let mut read = 0;
    let error = loop {
        match body.frame().await.expect("no clean end") {
            Ok(frame) => read += frame.into_data().unwrap().len(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.downcast_ref().map(Elapsed::kind), Some(ElapsedKind::ResponseBody));
    assert!((1..BODY.len()).contains(&read), "{read} bytes");
}

#[tokio::test]
async fn a_response_that_drips_is_cut_short_and_counted_as_a_timeout() {
    let upstream = Upstream::start().await.unwrap();
    let metrics = HttpMetrics::new();
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = upstream.url("/");
    let proxy = service_fn(move |_: Request<TimeoutBody<Incoming>>| {
        let call = Request::get(&url).header(Behavior::HEADER, dripping());
        client.clone().oneshot(call.body(Empty::new()).unwrap())
    });
    let proxy = ServiceBuilder::new().layer(metrics.server_layer()).layer(limited()).service(proxy);
    let server = Server::http1(proxy).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.unwrap_err();
    assert!(eventually(PATIENCE, || client.is_closed()).await);
    settled(&metrics, 1).await;
    assert_one_timeout(&metrics, "a response");
}
