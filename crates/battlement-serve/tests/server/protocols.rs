//! The detection of HTTP/1 and HTTP/2 on one listener.

use battlement_serve::Limits;
use battlement_testkit::client::{Http1, Http2, Raw};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::service_fn;

use crate::{hello, start};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A SETTINGS frame without settings.
const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

#[tokio::test]
async fn http1_and_http2_are_served_on_one_listener() {
    let version =
        async |request: Request<Incoming>| Ok(Response::new(format!("{:?}", request.version())));
    let addr = start(Limits::new(), service_fn(version)).await;
    let mut http1 = Http1::connect(addr).await.unwrap();
    let mut http2 = Http2::connect(addr).await.unwrap();
    for _ in 0..3 {
        assert_eq!(http1.get("/").await.unwrap().text(), "HTTP/1.1");
        assert_eq!(http2.get("/").await.unwrap().text(), "HTTP/2.0");
    }
}

#[tokio::test]
async fn a_preface_that_arrives_byte_by_byte_begins_http2() {
    let mut raw = Raw::connect(hello(Limits::new()).await).await.unwrap();
    for byte in PREFACE {
        raw.write([*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    raw.write(SETTINGS).await.unwrap();
    let frame = raw.read_until(&[4, 0, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(frame.len(), 9, "the server answers with its SETTINGS");
}

#[tokio::test]
async fn a_request_that_begins_as_the_preface_does_is_served_over_http1() {
    let method = async |request: Request<Incoming>| Ok(Response::new(request.method().to_string()));
    let addr = start(Limits::new(), service_fn(method)).await;
    let request = "PRI /orders HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = String::from_utf8(Raw::exchange(addr, request).await.unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nPRI"), "{answer}");
}

#[tokio::test]
async fn a_request_that_is_shorter_than_the_preface_is_answered() {
    let answer = Raw::exchange(hello(Limits::new()).await, "GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200") && answer.ends_with("hello"), "{answer}");
}
