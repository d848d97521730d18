use std::{sync::OnceLock, time::Duration};

use battlement_benches::{Bare, Case, request};
use battlement_health::{Check, CheckState, Health, HealthBuilder, HealthLayer};
use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::Full;
use tokio::runtime::{Builder, Runtime};
use tower::Layer;
use tower_http::catch_panic::CatchPanicLayer;

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let similar: Make = || to("/reviews");
    let probe: Make = || kubelet("/readyz");
    let verbose: Make = || kubelet("/readyz?verbose");
    let layer = HealthLayer::new(&health(5));
    let all = layer.clone().all_paths();
    vec![
        Case::new("ours: other requests", request, Bare, layer.layer(Bare)).at_most(200, 0),
        Case::new("ours: other requests, a path alike", similar, Bare, layer.layer(Bare))
            .at_most(200, 0),
        Case::new("ours: other requests, all paths", similar, Bare, all.layer(Bare))
            .at_most(200, 0),
        Case::new("ours: disabled", request, Bare, layer.enabled(false).layer(Bare)),
        Case::new("ours: a probe, 5 checks", probe, Bare, health(5).service()).at_most(1_800, 0),
        Case::new("ours: a probe, 50 checks", probe, Bare, health(50).service()).at_most(1_800, 0),
        Case::new("ours: a verbose probe, 5 checks", verbose, Bare, health(5).service()),
        Case::new("ours: a verbose probe, 50 checks", verbose, Bare, health(50).service()),
        Case::new(
            "tower-http: catch panic, other requests",
            request,
            Bare,
            CatchPanicLayer::new().layer(Bare),
        ),
    ]
}

/// Creates a registry whose checks have passed once, on a runtime that does not run while requests are measured.
fn health(checks: usize) -> Health {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_time().build();
        runtime.expect("failed to create the runtime")
    });
    let passes = |number| Check::of_state(format!("check-{number}"), || CheckState::pass("up"));
    let rarely = Health::builder().interval(Duration::from_secs(3_600));
    runtime.block_on(async {
        let health = (0..checks).map(passes).fold(rarely, HealthBuilder::check).build();
        while health.checks().iter().any(|check| check.runs.total() == 0) {
            tokio::task::yield_now().await;
        }
        health
    })
}

fn to(path: &'static str) -> Request<Full<Bytes>> {
    let mut request = request();
    *request.uri_mut() = Uri::from_static(path);
    request
}

/// Creates a request for a probe, which accepts any format.
fn kubelet(path: &'static str) -> Request<Full<Bytes>> {
    let mut request = to(path);
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    request
}
