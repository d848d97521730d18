//! Real connections, in real time.

use battlement_testkit::{
    client::{Http2, Raw},
    probe::{Gate, Probe, ProbeBody, Reply},
    server::Server,
};
use battlement_timeout::{BodyLimits, BodyTimeoutLayer, ElapsedKind, TimeoutBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::drip::{BoxError, Drip, assert_elapsed, count_bytes, ms};

fn limited() -> BodyTimeoutLayer {
    let limits = BodyLimits::new().first_byte(ms(50)).idle(ms(50));
    BodyTimeoutLayer::new().request(limits).response(limits)
}

const HALF: &str = "POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 10\r\n\r\nhello";

#[tokio::test]
async fn half_a_body_gets_408_and_the_socket_closes() {
    let server = Server::http1(limited().layer(service_fn(count_bytes))).await.unwrap();
    let answer = Raw::exchange(server.addr(), HALF).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.contains(r#""code":"timeout""#), "{answer}");
}

#[tokio::test]
async fn half_a_body_gets_408_from_a_router_of_axum() {
    let router = axum::Router::new()
        .route("/", axum::routing::post(async |body: Bytes| body.len().to_string()))
        .layer(limited());
    let server = Server::axum(router).await.unwrap();
    let answer = String::from_utf8(Raw::exchange(server.addr(), HALF).await.unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_stalled_stream_of_http2_gets_408_and_the_connection_stays() {
    let server = Server::http2(limited().layer(service_fn(count_bytes))).await.unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let response = client.send(Request::post("/").body(Drip::never()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 408);
    let request = Request::post("/").body(Full::<Bytes>::from("hello")).unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "5");
}

#[tokio::test]
async fn an_upstream_that_stalls_is_cut_around_a_client_of_hyper_util() {
    let probe = Probe::new();
    let stalls = ProbeBody::empty().data("begin").wait(&Gate::new()).data("end").stream();
    probe.next(Reply::body(stalls));
    let upstream = Server::http1(probe.clone()).await.unwrap();

    let client = Client::builder(TokioExecutor::new()).build_http::<TimeoutBody<Full<Bytes>>>();
    let client = limited().as_error().layer(client);
    let request = Request::get(upstream.url("/")).body(Full::default()).unwrap();
    let mut body = client.oneshot(request).await.unwrap().into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "begin");
    assert_elapsed(&body.frame().await.unwrap().unwrap_err(), ElapsedKind::ResponseBody);
    // The connection was closed, so that the upstream is free.
    assert!(
        battlement_testkit::eventually(ms(5000), || probe.counts().cancelled_bodies == 1).await
    );
}

#[tokio::test]
async fn a_response_that_stalls_is_cut_short_and_not_ended() {
    let service = service_fn(async |_: Request<_>| {
        let body = ProbeBody::empty().data("begin").wait(&Gate::new()).data("end").stream();
        Ok::<_, BoxError>(Response::new(body))
    });
    let server = Server::http1(limited().layer(service)).await.unwrap();
    let get = "GET / HTTP/1.1\r\nhost: shop\r\n\r\n";
    let answer = String::from_utf8(Raw::exchange(server.addr(), get).await.unwrap()).unwrap();
    assert!(answer.ends_with("5\r\nbegin\r\n"), "the body has an end: {answer}");
}
