use std::sync::{Arc, Weak};

use battlement_testkit::{
    matrix::Responses,
    server::{Protocol, Server},
};
use opentelemetry_instrumentation_tower::http::server::Layer as OtelLayer;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics},
        reader::MetricReader,
    },
};
use tower::Layer;

use crate::{Recorder, Totals, recorder::Serving};

pub(crate) struct OpenTelemetry {
    layer: OtelLayer,
    reader: SharedReader,
}

/// A reader shared by the provider and this program.
#[derive(Clone, Debug)]
struct SharedReader(Arc<ManualReader>);

impl MetricReader for SharedReader {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, into: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(into)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: std::time::Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}

impl OpenTelemetry {
    pub(crate) fn new() -> Self {
        let reader = SharedReader(Arc::new(ManualReader::builder().build()));
        let provider = SdkMeterProvider::builder().with_reader(reader.clone()).build();
        opentelemetry::global::set_meter_provider(provider);
        Self { layer: OtelLayer::new(), reader }
    }
}

impl Recorder for OpenTelemetry {
    fn name(&self) -> &'static str {
        "opentelemetry-instrumentation-tower 0.19"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let service = self.layer.layer(Responses::new());
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Totals {
        let mut all = ResourceMetrics::default();
        let mut totals = Totals { bytes: Some((0.0, 0.0)), ..Totals::default() };
        if self.reader.collect(&mut all).is_ok() {
            let metrics = all.scope_metrics().flat_map(|scope| scope.metrics());
            metrics.for_each(|metric| add(&mut totals, metric));
        }
        totals
    }
}

fn add(totals: &mut Totals, metric: &Metric) {
    match (metric.name(), metric.data()) {
        ("http.server.request.duration", AggregatedMetrics::F64(MetricData::Histogram(all))) => {
            for point in all.data_points() {
                totals.requests += point.count() as f64;
                totals.seconds += point.sum();
            }
        }
        ("http.server.response.body.size", AggregatedMetrics::U64(MetricData::Histogram(all))) => {
            for point in all.data_points() {
                let (sum, count) = totals.bytes.unwrap_or_default();
                totals.bytes = Some((sum + point.sum() as f64, count + point.count() as f64));
            }
        }
        ("http.server.active_requests", AggregatedMetrics::I64(MetricData::Sum(all))) => {
            totals.active += all.data_points().map(|point| point.value() as f64).sum::<f64>();
        }
        _ => {}
    }
}
