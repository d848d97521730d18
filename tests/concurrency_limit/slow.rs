//! Clients that read slowly.

use std::time::Duration;

use battlement::concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::eventually;
use http_body_util::BodyExt as _;
use tokio::time::sleep;

use crate::{
    PATIENCE,
    client::{ALL, Client, Over},
    service::{LARGE, Under},
};

/// Reads a large body slowly, and asserts that other requests are rejected until its end.
async fn reads_slowly(under: Under, over: Over) {
    let (limit, handle) = ConcurrencyLimitLayer::fixed(1).pair();
    let server = under.serve(limit).await;
    let mut slow = Client::connect(over, server.addr()).await;
    let mut other = Client::connect(over, server.addr()).await;
    let response = slow.get("/large").await.unwrap();
    assert_eq!(response.status(), 200, "{under:?} {over:?}");
    let mut body = response.into_body();
    let mut read = 0;
    for _ in 0..10 {
        read += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        // The pace of the client.
        sleep(Duration::from_millis(5)).await;
        assert_eq!(handle.snapshot().in_flight, 1, "{under:?} {over:?} after {read} bytes");
        let rejected = other.get("/").await.unwrap();
        assert_eq!(rejected.status(), 503, "{under:?} {over:?} after {read} bytes");
        rejected.into_body().collect().await.unwrap();
    }
    read += body.collect().await.unwrap().to_bytes().len();
    assert_eq!(read, LARGE, "{under:?} {over:?}");
    assert!(eventually(PATIENCE, || handle.snapshot().in_flight == 0).await);
    assert_eq!(other.get("/").await.unwrap().status(), 200, "{under:?} {over:?}");
}

#[tokio::test]
async fn a_client_that_reads_a_body_slowly_holds_its_permit() {
    for (under, over) in ALL {
        reads_slowly(under, over).await;
    }
}
