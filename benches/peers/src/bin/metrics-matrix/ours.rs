use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::{
    matrix::Responses,
    server::{Protocol, Server},
};
use tower::Layer;

use crate::{Recorder, Totals, axum_prometheus::total, recorder::Serving};

pub(crate) struct Ours(HttpMetrics);

impl Ours {
    pub(crate) fn new() -> Self {
        Self(HttpMetrics::builder().body_sizes(true).build())
    }
}

impl Recorder for Ours {
    fn name(&self) -> &'static str {
        "battlement-metrics"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let service = self.0.server_layer().layer(Responses::new());
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Totals {
        let page = Exposition::new().metrics(&self.0).render(Format::Text);
        let durations = |suffix: &str| {
            let sum =
                |kind: &str| total(&page, &format!("http_server_{kind}_duration_seconds{suffix}"));
            sum("request") + sum("stream")
        };
        let is_cancelled = |line: &&str| {
            line.contains("_duration_seconds_count{") && line.contains("error_type=\"cancelled\"")
        };
        Totals {
            requests: durations("_count"),
            seconds: durations("_sum"),
            bytes: Some((
                total(&page, "http_server_response_body_size_bytes_sum"),
                total(&page, "http_server_response_body_size_bytes_count"),
            )),
            active: total(&page, "http_server_active_requests"),
            cancelled: Some(
                page.lines()
                    .filter(is_cancelled)
                    .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                    .sum(),
            ),
        }
    }
}
