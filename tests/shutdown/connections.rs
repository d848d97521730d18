//! Connections that keep a stock server alive, each bounded by the deadline of the drain.

use std::time::Duration;

use battlement_testkit::client::Raw;

use crate::running::{Ended, Running};

/// Sends `bytes`, waits until `line` is logged, and ends the service.
async fn end_with(options: &[&str], bytes: &[u8], line: &str) -> Ended {
    let service = Running::start(options).await;
    // A served request shows that the server has accepted the connection before it.
    let mut raw = Raw::connect(service.app).await.unwrap();
    raw.write(bytes).await.unwrap();
    service.get("/hello").await;
    if !line.is_empty() {
        service.line(line).await;
    }
    let ended = service.terminate().await;
    drop(raw);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
    ended
}

fn cut_off_without_a_request(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["draining 1", "ms, cut off ", "cut off: connections without a request"]);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_exit() {
    for server in ["server=axum", "server=tonic"] {
        let service = Running::start(&[server]).await;
        let mut client = service.connect().await;
        client.get("/hello").await;
        let ended = service.terminate().await;
        assert_eq!(ended.code, Some(0), "{}", ended.log);
        assert!(!ended.report.contains("cut off"), "{}", ended.report);
    }
}

#[tokio::test]
async fn half_a_head_is_cut_off_at_the_deadline_and_is_no_loss() {
    cut_off_without_a_request(&end_with(&[], b"GET /hello HT", "").await);
}

#[tokio::test]
async fn half_a_body_is_a_request_that_is_lost() {
    let request = b"POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345";
    let ended = end_with(&[], request, "").await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&["draining 1", "cut off: 1 request"]);
}

#[tokio::test]
async fn the_preface_of_http_2_alone_is_cut_off_at_the_deadline() {
    for server in ["server=axum", "server=tonic"] {
        let ended = end_with(&[server], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "").await;
        cut_off_without_a_request(&ended);
    }
}

#[tokio::test]
async fn a_connection_without_a_byte_is_cut_off_where_the_server_waits_for_it() {
    cut_off_without_a_request(&end_with(&["server=tonic"], b"", "").await);
    let ended = end_with(&["server=axum"], b"", "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
}
