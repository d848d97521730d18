//! Requests whose length is stated twice, or in contradicting ways, after which two servers could disagree about where
//! the next request begins.

use std::sync::atomic::Ordering::Relaxed;

use battlement_testkit::client::Raw;

use super::server::Running;

/// Sends a request with these headers and this body, and a second request. Returns the statuses of the answers, and the
/// number of requests that reached the service.
async fn answers(headers: &str, body: &str) -> (Vec<String>, u32) {
    let server = Running::start().await;
    let second = "GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n";
    let first = format!("POST /echo HTTP/1.1\r\nhost: shop.test\r\n{headers}\r\n{body}");
    let read = Raw::exchange(server.addr, first + second).await.unwrap();
    let text = String::from_utf8(read).unwrap();
    let statuses = text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned());
    (statuses.collect(), server.called.load(Relaxed))
}

#[tokio::test]
async fn contradicting_lengths_are_rejected_and_end_the_connection() {
    for headers in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: +5\r\n",
        "content-length: -5\r\n",
        "content-length: 0x5\r\n",
        "content-length: 5 5\r\n",
        "content-length: 99999999999999999999\r\n",
        "content-length: \r\n",
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: gzip\r\n",
    ] {
        let (statuses, called) = answers(headers, "hello").await;
        assert_eq!((statuses, called), (vec![String::from("400")], 0), "{headers:?}");
    }
}

#[tokio::test]
async fn a_chunked_body_with_a_length_is_read_by_its_chunks_and_ends_the_connection() {
    let headers = "content-length: 5\r\ntransfer-encoding: chunked\r\n";
    let (statuses, called) = answers(headers, "5\r\nhello\r\n0\r\n\r\n").await;
    // A proxy that reads it by its length would disagree about the begin of the second request, which is not read.
    assert_eq!((statuses, called), (vec![String::from("200")], 1));
}

#[tokio::test]
async fn a_length_that_is_stated_twice_is_one_length() {
    let headers = "content-length: 5\r\ncontent-length: 5\r\n";
    let (statuses, called) = answers(headers, "hello").await;
    assert_eq!((statuses, called), (vec![String::from("200"), String::from("200")], 2));
}

#[tokio::test]
async fn invalid_chunks_end_the_connection() {
    for body in ["5;\r\nhello0\r\n\r\n", "x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n"] {
        let (statuses, called) = answers("transfer-encoding: chunked\r\n", body).await;
        assert_eq!(called, 1, "{body:?}");
        assert!(statuses.len() <= 1, "{body:?} {statuses:?}");
    }
}
