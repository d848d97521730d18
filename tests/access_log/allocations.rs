//! The allocations of a layer that writes nothing. The test has its own process, since it counts those of the process.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{alloc::System, convert::Infallible};

use battlement::access_log::AccessLogLayer;
use battlement_core::RequestFacts;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tower::{Layer, Service, service_fn};
use tracing::{Level, subscriber::with_default};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Returns a request with the facts that a layer further out has made.
fn request() -> Request<()> {
    let mut request = Request::get("/orders/7?page=2").body(()).unwrap();
    let _facts = RequestFacts::of_or_start(&mut request);
    request
}

async fn hello(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

/// Returns the allocations of 1,000 requests through `layer`, after the first one.
fn allocations(layer: &AccessLogLayer) -> usize {
    let mut service = layer.layer(service_fn(hello));
    let mut send = |request| {
        let response = service.call(request).now_or_never().unwrap().unwrap();
        let mut body = response.into_body();
        while body.frame().now_or_never().unwrap().is_some() {}
    };
    send(request());
    let requests: Vec<_> = (0..1_000).map(|_| request()).collect();
    let region = Region::new(ALLOCATOR);
    requests.into_iter().for_each(send);
    region.change().allocations
}

#[test]
fn a_layer_whose_level_is_off_or_that_is_disabled_allocates_nothing() {
    let off = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_writer(std::io::sink))
        .with(Targets::new().with_default(Level::INFO).with_target("battlement::access", None));
    with_default(off, || assert_eq!(allocations(&AccessLogLayer::new()), 0));
    let all = || tracing_subscriber::fmt().with_writer(std::io::sink).finish();
    with_default(all(), || {
        assert_eq!(allocations(&AccessLogLayer::new().enabled(false)), 0);
        assert!(allocations(&AccessLogLayer::new()) >= 1_000, "a record has at least one");
    });
    assert_eq!(allocations(&AccessLogLayer::new()), 0, "without a subscriber");
}
