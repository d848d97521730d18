use std::sync::Once;

use axum_prometheus::{PrometheusMetricLayer, metrics_exporter_prometheus::PrometheusBuilder};
use battlement_benches::{Bare, Case, request};
use battlement_core::RequestFacts;
use battlement_metrics::HttpMetrics;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use opentelemetry_instrumentation_tower::http::server::Layer as OtelLayer;
use opentelemetry_sdk::metrics::{ManualReader, SdkMeterProvider};
use tower::Layer;

/// Creates a request with facts and a route.
fn routed() -> Request<Full<Bytes>> {
    let mut request = request();
    RequestFacts::of_or_start(&mut request).set_route("/users/{id}");
    request
}

pub(crate) fn cases() -> Vec<Case> {
    let reader = ManualReader::builder().build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    opentelemetry::global::set_meter_provider(provider);
    let metrics = HttpMetrics::new();
    let all = HttpMetrics::builder().time_to_first_byte(true).body_sizes(true).build();
    vec![
        Case::new("ours, with route", routed, Bare, metrics.server_layer().layer(Bare))
            .at_most(900, 0),
        Case::new("ours, with sizes and first byte", routed, Bare, all.server_layer().layer(Bare)),
        Case::new("ours, facts made here", request, Bare, metrics.server_layer().layer(Bare)),
        Case::new("axum-prometheus", recorded, Bare, PrometheusMetricLayer::new().layer(Bare)),
        Case::new(
            "opentelemetry-instrumentation-tower",
            request,
            Bare,
            OtelLayer::new().layer(Bare),
        ),
    ]
}

/// Creates a request, and installs axum-prometheus' recorder with the first one. The recorder calibrates its clock
/// when it is created, so that an earlier installation would add to the instructions of other cases.
fn recorded() -> Request<Full<Bytes>> {
    install_recorder();
    request()
}

/// Installs axum-prometheus' recorder, if this is the first call.
pub(crate) fn install_recorder() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let recorder = PrometheusBuilder::new().install_recorder();
        assert!(recorder.is_ok(), "another recorder is already installed");
    });
}
