use axum_prometheus::{
    EndpointLabel, PrometheusMetricLayer, PrometheusMetricLayerBuilder,
    metrics_exporter_prometheus::PrometheusHandle,
};
use battlement_testkit::{
    matrix::Responses,
    server::{Protocol, Server},
};
use tower::Layer;

use crate::{Recorder, Totals, recorder::Serving};

pub(crate) struct AxumPrometheus {
    layer: PrometheusMetricLayer<'static>,
    handle: PrometheusHandle,
}

impl AxumPrometheus {
    pub(crate) fn new() -> Self {
        let (layer, handle) = PrometheusMetricLayerBuilder::new()
            .with_endpoint_label_type(EndpointLabel::MatchedPathWithFallbackFn(|_| {
                "any".to_owned()
            }))
            .enable_response_body_size(true)
            .with_default_metrics()
            .build_pair();
        Self { layer, handle }
    }
}

impl Recorder for AxumPrometheus {
    fn name(&self) -> &'static str {
        "axum-prometheus 0.10.1"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let service = self.layer.clone().layer(Responses::new());
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Totals {
        let page = self.handle.render();
        Totals {
            requests: total(&page, "axum_http_requests_duration_seconds_count"),
            seconds: total(&page, "axum_http_requests_duration_seconds_sum"),
            bytes: Some((
                total(&page, "axum_http_response_body_size_sum"),
                total(&page, "axum_http_response_body_size_count"),
            )),
            active: total(&page, "axum_http_requests_pending"),
            cancelled: None,
        }
    }
}

/// Returns the sum of all samples with the given name.
pub(crate) fn total(page: &str, name: &str) -> f64 {
    let has_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
    let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
    page.lines().filter(has_name).filter_map(value).sum()
}
