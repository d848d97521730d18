use battlement_core::{DropReason, Phase};
use battlement_serve::Limits;
use battlement_testkit::{
    client::{Http2, Raw},
    eventually,
};
use http::Request;
use http_body_util::Empty;

use crate::running::{PATIENCE, Running};

const NEVER: &[u8] = b"GET /never HTTP/1.1\r\nhost: test\r\n\r\n";

/// Connects with a request in flight over HTTP/1, one over HTTP/2, and a part of an HTTP/2 preface.
async fn busy(server: &Running) -> impl Sized + use<> {
    let mut http1 = Raw::connect(server.addr).await.unwrap();
    http1.write(NEVER).await.unwrap();
    let mut http2 = Http2::connect(server.addr).await.unwrap();
    let request = Request::get("/never").body(Empty::<bytes::Bytes>::new()).unwrap();
    let request = tokio::spawn(async move { http2.send(request).await.unwrap_err() });
    let mut unknown = Raw::connect(server.addr).await.unwrap();
    unknown.write(b"PRI * HT").await.unwrap();
    assert!(eventually(PATIENCE, || server.handle.open() == 3).await);
    assert!(eventually(PATIENCE, || server.requests.begun() == 2).await);
    (http1, request, unknown)
}

#[tokio::test]
async fn connections_that_outlive_the_drain_are_aborted_by_kind_and_their_requests_know_why() {
    let server = Running::start(Limits::new()).await;
    let _clients = busy(&server).await;
    server.writer.advance(Phase::Stopping);
    server.writer.advance(Phase::CutOff);
    let requests = server.requests.clone();
    let report = server.ended().await;
    let kinds = (report.aborted_http1, report.aborted_http2, report.aborted_unknown);
    // The drain has closed the connection without a request.
    assert_eq!((kinds, report.aborted(), report.served), ((1, 1, 0), 2, 3));
    assert!(eventually(PATIENCE, || requests.dropped().len() == 2).await);
    assert_eq!(requests.dropped(), [Some(DropReason::Shutdown); 2]);
}

// As the shutdown crate does at the end of the drain, without waiting for the tasks of the connections.
#[tokio::test]
async fn a_server_that_a_shutdown_drops_drops_its_requests_for_it() {
    assert_eq!(dropped(DropReason::Shutdown).await, [Some(DropReason::Shutdown); 2]);
}

#[tokio::test]
async fn a_server_that_is_dropped_before_its_end_drops_its_requests_as_cancelled() {
    let reasons = dropped(DropReason::Timeout).await;
    let reasons: Vec<_> = reasons.into_iter().map(Option::unwrap_or_default).collect();
    assert_eq!(reasons, [DropReason::Cancelled; 2]);
}

/// Drops a server with two requests in flight, and returns the reasons that they got.
async fn dropped(reason: DropReason) -> Vec<Option<DropReason>> {
    let server = Running::start(Limits::new()).await;
    let _clients = busy(&server).await;
    let (requests, handle, addr) = (server.requests.clone(), server.handle.clone(), server.addr);
    server.abort(reason);
    assert!(eventually(PATIENCE, || requests.dropped().len() == 2).await);
    assert!(eventually(PATIENCE, || handle.open() == 0).await);
    Raw::connect(addr).await.expect_err("the listener is open");
    requests.dropped()
}
