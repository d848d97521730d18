use std::{convert::Infallible, future::pending, time::Duration};

use battlement_core::RequestFacts;
use battlement_timeout::{TimeoutLayer, TimeoutOverride};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, timeout};
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

fn request() -> Request<()> {
    let mut request = Request::new(());
    RequestFacts::of_or_start(&mut request);
    request
}

async fn hang(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_route_replaces_the_limit_of_an_outer_layer() {
    for limit in [5 * MS, 500 * MS] {
        let layers = (TimeoutLayer::new(50 * MS), TimeoutOverride::new(limit));
        let service = ServiceBuilder::new().layer(layers).service_fn(hang);
        let start = Instant::now();
        assert_eq!(service.oneshot(request()).await.unwrap().status(), 504);
        assert_eq!(start.elapsed(), limit);
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_removes_the_limit_of_an_outer_layer() {
    let layers = (TimeoutLayer::new(50 * MS), TimeoutOverride::new(None));
    let service = ServiceBuilder::new().layer(layers).service_fn(hang);
    assert!(timeout(3_600_000 * MS, service.oneshot(request())).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_returns_errors_keeps_its_own_limit() {
    let layers = (TimeoutLayer::new(50 * MS).as_error(), TimeoutOverride::new(5 * MS));
    let service = ServiceBuilder::new().layer(layers).service_fn(hang);
    let start = Instant::now();
    assert!(service.oneshot(request()).await.is_err());
    assert_eq!(start.elapsed(), 50 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_route_does_not_apply_to_a_layer_inside_of_it() {
    let inner = TimeoutLayer::new(50 * MS).layer(service_fn(hang));
    let start = Instant::now();
    let response = TimeoutOverride::new(5 * MS).layer(inner).oneshot(request()).await.unwrap();
    assert_eq!((response.status().as_u16(), start.elapsed()), (504, 50 * MS));
}
