//! Calls through a `reqwest::Client`, which follows redirects.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use battlement_retry::{Http, Idempotency, RetryLayer};
use reqwest::{Client, Method, Request, Url, redirect::Policy};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tower::{Layer as _, ServiceExt as _};

/// Returns an address that refuses connections.
async fn closed() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// Starts a server that answers each request with a redirect to `target`. Returns its address and the count of requests.
async fn redirecting(target: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = requests.clone();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            count.fetch_add(1, Relaxed);
            let answer = format!(
                "HTTP/1.1 303 See Other\r\nlocation: http://{target}/\r\nconnection: close\r\n\
                 content-length: 0\r\n\r\n"
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, requests)
}

fn request(method: Method, address: SocketAddr) -> Request {
    Request::new(method, Url::parse(&format!("http://{address}/orders")).unwrap())
}

fn client(policy: Policy) -> Client {
    Client::builder().redirect(policy).no_proxy().build().unwrap()
}

#[tokio::test]
async fn an_order_whose_redirect_cannot_be_followed_is_not_sent_again() {
    let (address, requests) = redirecting(closed().await).await;
    let service = RetryLayer::http().layer(client(Policy::default()));
    let error = service.clone().oneshot(request(Method::POST, address)).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(requests.load(Relaxed), 1);
    service.oneshot(request(Method::GET, address)).await.unwrap_err();
    assert_eq!(requests.load(Relaxed), 1 + 3);
}

/// Returns the number of attempts at a request to an address that refuses connections.
async fn attempts(layer: RetryLayer<Http>, method: Method) -> usize {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let counting = tower::util::MapRequestLayer::new(move |request: Request| {
        counted.fetch_add(1, Relaxed);
        request
    });
    let service = layer.layer(counting.layer(client(Policy::none())));
    service.oneshot(request(method, closed().await)).await.unwrap_err();
    attempts.load(Relaxed)
}

#[tokio::test]
async fn an_order_that_was_not_connected_is_sent_again_if_that_is_set() {
    assert_eq!(attempts(RetryLayer::http(), Method::POST).await, 1);
    let layer = RetryLayer::http().repeat_unprocessed(true);
    assert_eq!(attempts(layer, Method::POST).await, 2);
}

#[tokio::test]
async fn a_closure_marks_and_excludes_requests() {
    let rules = Idempotency::default().rule(|head| match head.uri.path() {
        "/orders" => Some(*head.method == Method::POST),
        _ => None,
    });
    let layer = RetryLayer::http().idempotency(rules);
    assert_eq!(attempts(layer.clone(), Method::POST).await, 3);
    assert_eq!(attempts(layer, Method::PUT).await, 1);
    assert_eq!(attempts(RetryLayer::http(), Method::PUT).await, 3);
}
