//! Lines of requests that are cancelled.

use std::{
    convert::Infallible,
    future::pending,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::Duration,
};

use crate::{
    log::get,
    outputs::{Calls, JSON},
};
use battlement_access_log::{AccessLogLayer, Writer};
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};

/// Calls a service that never answers.
fn waiting(layer: &AccessLogLayer) -> impl Future + use<> {
    let service = service_fn(|_: Request<Empty<bytes::Bytes>>| {
        pending::<Result<Response<Empty<bytes::Bytes>>, Infallible>>()
    });
    layer.layer(service).call(get("/"))
}

#[test]
fn a_hundred_thousand_cancelled_requests_are_written_or_counted_as_dropped() {
    let calls = Calls::default();
    let writer = Writer::to(calls.clone(), JSON).queue(16);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for _ in 0..100_000 {
        drop(waiting(&layer));
    }
    assert!(writer.flush_within(Duration::from_secs(60)));
    let records = calls.records();
    let reported: u64 = records.iter().filter_map(|record| record["dropped_lines"].as_u64()).sum();
    let handle = writer.handle();
    assert!(records.iter().all(|record| record["outcome"] == "cancelled"));
    assert_eq!(handle.written(), records.len() as u64);
    assert_eq!(handle.written() + handle.dropped(), 100_000);
    assert_eq!(reported, handle.dropped());
}

#[test]
fn a_line_is_written_while_a_panic_unwinds() {
    let calls = Calls::default();
    let writer = Writer::to(calls.clone(), JSON);
    let future = waiting(&AccessLogLayer::new().writer(writer.clone()));
    let unwind = move || {
        let _future = future;
        resume_unwind(Box::new("elsewhere"))
    };
    assert!(catch_unwind(AssertUnwindSafe(unwind)).is_err());
    assert!(writer.flush_within(Duration::from_secs(60)));
    let [record] = calls.records().try_into().unwrap();
    assert_eq!(record["outcome"], "cancelled");
}
