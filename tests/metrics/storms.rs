//! A hundred thousand clients that disconnect: each is recorded, and none stays in flight.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use battlement::metrics::HttpMetrics;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::page::total;

const STORM: u64 = 100_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_a_hundred_thousand_cancelled_requests_is_recorded_and_none_stays_in_flight() {
    let metrics = HttpMetrics::new();
    let called = Arc::new(AtomicU64::new(0));
    let storm = |clients: u64| {
        let tally = Arc::clone(&called);
        let never = service_fn(move |_: Request<Empty<Bytes>>| {
            tally.fetch_add(1, Relaxed);
            pending::<Result<Response<Empty<Bytes>>, Infallible>>()
        });
        let service = metrics.server_layer().layer(never);
        tokio::spawn(async move {
            for _ in 0..STORM / clients {
                let request = Request::get("/never").body(Empty::new()).unwrap();
                let mut call = tokio::spawn(service.clone().oneshot(request));
                tokio::task::yield_now().await;
                call.abort();
                assert!((&mut call).await.unwrap_err().is_cancelled());
            }
        })
    };
    let clients: Vec<_> = (0..8).map(|_| storm(8)).collect();
    for client in clients {
        client.await.unwrap();
    }
    // A task that was aborted before its first poll has made no call.
    let called = called.load(Relaxed);
    assert_eq!((metrics.ended(), metrics.active()), (called, 0));
    assert!(called > 0);
    let cancelled = r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",error_type="cancelled"}"#;
    assert_eq!(total(&metrics, cancelled), called as f64);
}

async fn never(_: Request<Empty<Bytes>>) -> Result<Response<Empty<Bytes>>, Infallible> {
    pending().await
}

#[tokio::test]
async fn each_of_a_hundred_thousand_dropped_calls_is_recorded() {
    let metrics = HttpMetrics::new();
    let mut service = metrics.server_layer().layer(service_fn(never));
    for _ in 0..STORM {
        let request = Request::get("/never").body(Empty::new()).unwrap();
        drop(service.ready().await.unwrap().call(request));
    }
    assert_eq!((metrics.ended(), metrics.active()), (STORM, 0));
}
