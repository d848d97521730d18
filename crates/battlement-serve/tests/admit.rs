//! The decision of an application about a connection, and resets that it demands, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    io::ErrorKind,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use battlement_serve::{ConnectionReset, Listener, Server, Serving};
use battlement_testkit::client::{Http1, Http2, Raw};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::service_fn;

/// The number of a connection.
#[derive(Clone, Copy)]
struct Nth(u32);

const GET: &str = "GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

/// Serves the number of the connection, or resets it on `/reset`. Every third connection is not admitted.
async fn start() -> (SocketAddr, Serving) {
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let count = AtomicU32::new(0);
    let server = Server::new(listener).admit(move |connection| {
        assert!(connection.peer().addr().is_some() && connection.listener() == "public");
        let nth = count.fetch_add(1, Relaxed) + 1;
        let reset = connection.reset();
        connection.extensions_mut().insert(Nth(nth));
        connection.extensions_mut().insert(reset);
        !nth.is_multiple_of(3)
    });
    let service = service_fn(async |request: Request<Incoming>| {
        if request.uri().path() == "/reset" {
            request.extensions().get::<ConnectionReset>().unwrap().request();
        }
        let Nth(nth) = request.extensions().get().unwrap();
        Ok::<_, Infallible>(Response::new(nth.to_string()))
    });
    (addr, server.serve(service))
}

#[tokio::test]
async fn a_connection_that_is_not_admitted_is_reset_and_each_request_of_others_has_its_values() {
    let (addr, serving) = start().await;
    tokio::spawn(serving);
    let mut first = Http1::connect(addr).await.unwrap();
    assert_eq!(first.get("/").await.unwrap().text(), "1");
    let mut second = Http2::connect(addr).await.unwrap();
    assert_eq!(second.get("/").await.unwrap().text(), "2");
    let mut third = Raw::connect(addr).await.unwrap();
    let error = third.read_to_end().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(first.get("/").await.unwrap().text(), "1");
    assert_eq!(second.get("/").await.unwrap().text(), "2");
}

#[tokio::test]
async fn a_reset_takes_the_place_of_the_answer() {
    let (addr, serving) = start().await;
    tokio::spawn(serving);
    let mut raw = Raw::connect(addr).await.unwrap();
    raw.write(GET).await.unwrap();
    raw.read_until(b"\r\n\r\n1").await.unwrap();
    raw.write("GET /reset HTTP/1.1\r\nhost: shop.test\r\n\r\n").await.unwrap();
    let error = raw.read_to_end().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let mut http2 = Http2::connect(addr).await.unwrap();
    assert_eq!(http2.get("/").await.unwrap().text(), "2");
    assert!(http2.get("/reset").await.is_err());
}

#[tokio::test]
async fn the_decision_may_share_state_with_the_service() {
    let refused = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&refused);
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = Server::new(listener).admit(move |_| {
        count.fetch_add(1, Relaxed);
        false
    });
    let service = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::new())));
    tokio::spawn(server.serve(service));
    assert!(Raw::exchange(addr, GET).await.is_err());
    assert_eq!(refused.load(Relaxed), 1);
}
