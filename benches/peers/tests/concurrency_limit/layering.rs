use axum::{BoxError, Router, error_handling::HandleErrorLayer, routing::get};
use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::probe::{Probe, ProbeBody, Reply};
use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use tokio::time::timeout;
use tower::{
    Layer, Service, ServiceBuilder, ServiceExt as _,
    limit::{ConcurrencyLimitLayer as TowerLayer, GlobalConcurrencyLimitLayer},
};

use crate::{HOUR, aimd, bulkhead};

/// Returns whether two services of one layer, with a limit of 1, have a call in flight each.
fn is_two_limits<L>(layer: &L) -> bool
where
    L: Layer<Probe>,
    L::Service: Service<Request<ProbeBody>>,
{
    let probe = Probe::new();
    probe.always(Reply::never());
    let call = || {
        let service = layer.layer(probe.clone());
        let mut call = Box::pin(service.oneshot(Request::new(ProbeBody::empty())));
        // The call may also wait, or have been rejected.
        let _ = call.as_mut().now_or_never();
        call
    };
    let _calls = [call(), call()];
    probe.counts().in_flight == 2
}

#[tokio::test]
async fn a_layer_of_the_peers_that_is_applied_twice_is_two_limits() {
    assert!(is_two_limits(&TowerLayer::new(1)));
    assert!(is_two_limits(&bulkhead(1).build().unwrap()));
    assert!(is_two_limits(&aimd(1)));

    assert!(!is_two_limits(&GlobalConcurrencyLimitLayer::new(1)));
    let (shared, _handle) = bulkhead(1).build_with_handle().unwrap();
    assert!(!is_two_limits(&shared));
    assert!(!is_two_limits(&ConcurrencyLimitLayer::fixed(1)));
}

/// Returns two routes that do not answer, with a layer around both.
macro_rules! hanging_routes {
    ($layer:expr) => {{
        let hangs = async || std::future::pending::<()>().await;
        let app = Router::new().route("/a", get(hangs)).route("/b", get(hangs)).layer($layer);
        // Without this, a router that is called directly applies the layer for each call.
        app.with_state::<()>(())
    }};
}

/// Calls a route, and returns the status if it answers. A call that does not answer stays in flight.
async fn status(app: &Router, path: &str) -> Option<StatusCode> {
    let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
    let call = tokio::spawn(app.clone().oneshot(request));
    let response = timeout(HOUR, call).await.ok()?;
    Some(response.unwrap().unwrap().status())
}

#[tokio::test(start_paused = true)]
async fn a_layer_of_tower_around_two_routes_of_axum_is_two_limits() {
    let is_full = async |_: BoxError| StatusCode::SERVICE_UNAVAILABLE;
    let layers = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(is_full))
        .load_shed()
        .layer(TowerLayer::new(1));
    let app = hanging_routes!(layers);
    assert_eq!(status(&app, "/a").await, None);
    assert_eq!(status(&app, "/a").await, Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(status(&app, "/b").await, None);

    let ours = hanging_routes!(ConcurrencyLimitLayer::fixed(1));
    assert_eq!(status(&ours, "/a").await, None);
    assert_eq!(status(&ours, "/b").await, Some(StatusCode::SERVICE_UNAVAILABLE));
}
