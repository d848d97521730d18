//! Work that does not end by itself.

use std::time::Duration;

use battlement_testkit::{
    client::{Http2, Raw},
    process::Signal,
};
use http::Request;
use http_body_util::{BodyExt as _, Empty};

use crate::running::{Ended, Running};

/// Sends `head`, waits until the response has `until`, and ends the service.
async fn end_with(options: &[&str], path: &str, until: &str) -> Ended {
    let service = Running::start(options).await;
    let mut raw = Raw::connect(service.app).await.unwrap();
    let upgrade = "connection: upgrade\r\nupgrade: echo";
    let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\n{upgrade}\r\n\r\n");
    raw.write(head).await.unwrap();
    raw.read_until(until.as_bytes()).await.unwrap();
    let ended = service.terminate().await;
    drop(raw);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
    ended
}

#[tokio::test]
async fn a_hung_request_is_cut_off_and_fails_the_shutdown() {
    let service = Running::start(&[]).await;
    let mut raw = Raw::connect(service.app).await.unwrap();
    raw.write("GET /hang HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    service.line("hangs").await;
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&["received SIGTERM", "draining 1", "hooks", "cut off: 1 request"]);
}

#[tokio::test]
async fn an_open_event_stream_is_cut_off_and_fails_only_a_strict_shutdown() {
    for (options, code) in [(&[][..], 0), (&["strict=yes"][..], 1)] {
        let ended = end_with(options, "/events", "data: 1\n\n").await;
        assert_eq!(ended.code, Some(code), "{}", ended.log);
        ended.reports(&["draining 1", "cut off: 1 event stream"]);
    }
}

#[tokio::test]
async fn an_open_grpc_stream_is_cut_off_and_is_no_failure() {
    let service = Running::start(&["server=tonic"]).await;
    let mut client = Http2::connect(service.app).await.unwrap();
    let request = Request::post("/stream.Service/Watch")
        .header("content-type", "application/grpc")
        .body(Empty::new())
        .unwrap();
    let response = client.send(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["draining 1", "cut off: 1 gRPC stream"]);
}

#[tokio::test]
async fn an_event_stream_that_opted_in_ends_with_its_last_chunk() {
    let mut service = Running::start(&[]).await;
    let mut raw = Raw::connect(service.app).await.unwrap();
    raw.write("GET /ended-events HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    raw.read_until(b"data: 1\n\n").await.unwrap();
    service.process.signal(Signal::TERM);
    let rest = raw.read_to_end().await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
    drained(&service.end(&[]).await);
}

#[tokio::test]
async fn a_grpc_stream_that_opted_in_ends_with_its_trailers() {
    let mut service = Running::start(&["server=tonic"]).await;
    let mut client = Http2::connect(service.app).await.unwrap();
    let request = Request::post("/stream.Service/Ended")
        .header("content-type", "application/grpc")
        .body(Empty::new())
        .unwrap();
    let response = client.send(request).await.unwrap();
    service.process.signal(Signal::TERM);
    let body = response.into_body().collect().await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "14", "UNAVAILABLE");
    drop(client);
    drained(&service.end(&[]).await);
}

/// Asserts that no work was cut off.
fn drained(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(!ended.report.contains("cut off"), "{}", ended.report);
}

#[tokio::test]
async fn an_upgraded_connection_is_cut_off_and_is_no_failure() {
    let ended = end_with(&[], "/socket", "\r\n\r\n").await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    ended.reports(&["draining 1", "cut off: 1 upgraded connection"]);
}

#[tokio::test]
async fn a_leaked_guard_is_named_and_fails_the_shutdown() {
    let service = Running::start(&[]).await;
    service.get("/leak").await;
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(1), "{}", ended.log);
    ended.reports(&["draining 1", "leaked guards: leaked"]);
}

#[tokio::test]
async fn a_blocking_task_of_a_minute_does_not_hold_up_the_exit() {
    let service = Running::start(&[]).await;
    service.get("/blocking-task").await;
    service.line("blocked").await;
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.log);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
}

#[tokio::test]
async fn a_main_that_returns_the_report_waits_for_a_blocking_task_until_the_budget_ends() {
    let service = Running::start(&["returns=yes", "drain=100", "hooks=100", "budget=1000"]).await;
    service.get("/leak").await;
    service.get("/blocking-task").await;
    service.line("blocked").await;
    let ended = service.terminate().await;
    assert_eq!(ended.code, Some(1), "the code of the report: {}", ended.log);
    assert!(ended.after < Duration::from_secs(5), "{:?}", ended.after);
}
