use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::server::{Protocol, Server};
use tower::{Layer, service_fn};

use crate::{Reading, Subject, answers::serve, axum_prometheus::total, reading::Serving};

pub(crate) struct Ours(HttpMetrics);

impl Ours {
    pub(crate) fn new() -> Self {
        Self(HttpMetrics::builder().body_sizes(true).build())
    }
}

impl Subject for Ours {
    fn name(&self) -> &'static str {
        "battlement-metrics"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let service = self.0.server_layer().layer(service_fn(serve));
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Reading {
        let page = Exposition::new().metrics(&self.0).render(Format::Text);
        let both = |suffix: &str| {
            let of =
                |kind: &str| total(&page, &format!("http_server_{kind}_duration_seconds{suffix}"));
            of("request") + of("stream")
        };
        let left = |line: &&str| {
            line.contains("_duration_seconds_count{") && line.contains("error_type=\"cancelled\"")
        };
        Reading {
            requests: both("_count"),
            seconds: both("_sum"),
            bytes: Some((
                total(&page, "http_server_response_body_size_bytes_sum"),
                total(&page, "http_server_response_body_size_bytes_count"),
            )),
            active: total(&page, "http_server_active_requests"),
            left: Some(
                page.lines()
                    .filter(left)
                    .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                    .sum(),
            ),
        }
    }
}
