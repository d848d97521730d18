//! A hundred thousand clients that disconnect, on all threads: each is recorded.

use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use battlement::{
    access_log::{AccessLogLayer, Observe, Outcome, Writer},
    metrics::HttpMetrics,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::{
    log::{JSON, Log, flush},
    page::{counts, http_labels, word},
};

const STORM: u64 = 100_000;
const CLIENTS: u64 = 8;

#[derive(Clone, Default)]
struct Seen(Arc<[AtomicU64; 2]>);

impl Observe for Seen {
    fn recorded(&self, outcome: Outcome) {
        assert_eq!(outcome.word(), "cancelled");
        self.0[0].fetch_add(1, Relaxed);
    }

    fn dropped(&self) {
        self.0[1].fetch_add(1, Relaxed);
    }
}

/// Sends requests, each of which is cancelled after the service was called or before, and returns the number of calls.
async fn storm(log: AccessLogLayer, metrics: &HttpMetrics) -> u64 {
    let called = Arc::new(AtomicU64::new(0));
    let tally = Arc::clone(&called);
    let never = service_fn(move |_: Request<Empty<Bytes>>| {
        tally.fetch_add(1, Relaxed);
        pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    });
    let service = ServiceBuilder::new().layer(log).layer(metrics.server_layer()).service(never);
    let clients = (0..CLIENTS).map(|_| {
        let service = service.clone();
        tokio::spawn(async move {
            for _ in 0..STORM / CLIENTS {
                let request = Request::get("http://shop/never").body(Empty::new()).unwrap();
                let mut call = tokio::spawn(service.clone().oneshot(request));
                tokio::task::yield_now().await;
                call.abort();
                assert!((&mut call).await.unwrap_err().is_cancelled());
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    called.load(Relaxed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_a_hundred_thousand_cancelled_requests_is_written_or_counted_as_dropped() {
    let (log, seen, metrics) = (Log::default(), Seen::default(), HttpMetrics::new());
    let writer = Writer::to(log.clone(), JSON).queue(64);
    let layer = AccessLogLayer::new().writer(writer.clone()).observe(seen.clone());
    let called = storm(layer, &metrics).await;
    flush(&writer);
    let (handle, lines) = (writer.handle(), log.lines());
    assert!(called > 0);
    assert_eq!(handle.written() + handle.dropped(), called);
    assert_eq!(handle.written(), lines.len() as u64);
    // Lines that were dropped after the last one was written have not been reported yet.
    let reported: u64 = lines.iter().filter_map(|line| line["dropped_lines"].as_u64()).sum();
    assert!(reported <= handle.dropped(), "{reported} of {}", handle.dropped());
    assert!(lines.iter().all(|line| word(line, "outcome") == "cancelled"));
    let [recorded, dropped] = [0, 1].map(|at| seen.0[at].load(Relaxed));
    assert_eq!((recorded, dropped), (called, handle.dropped()));
    let labels = http_labels(&lines[0]);
    assert_eq!(
        counts(&metrics, &["http_server_request_duration_seconds"]),
        [(labels, called)].into()
    );
}
