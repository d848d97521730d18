use std::sync::{Arc, Weak};

use battlement_testkit::server::{Protocol, Server};
use opentelemetry_instrumentation_tower::http::server::Layer as OtelLayer;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{
        InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
        data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics},
        reader::MetricReader,
    },
};
use tower::{Layer, service_fn};

use crate::{Reading, Subject, answers::serve, reading::Serving};

pub(crate) struct OpenTelemetry {
    layer: OtelLayer,
    reader: Shared,
}

/// A reader that two may hold: the provider, and we.
#[derive(Clone, Debug)]
struct Shared(Arc<ManualReader>);

impl MetricReader for Shared {
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
        let reader = Shared(Arc::new(ManualReader::builder().build()));
        let provider = SdkMeterProvider::builder().with_reader(reader.clone()).build();
        opentelemetry::global::set_meter_provider(provider);
        Self { layer: OtelLayer::new(), reader }
    }
}

impl Subject for OpenTelemetry {
    fn name(&self) -> &'static str {
        "opentelemetry-instrumentation-tower 0.19"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let service = self.layer.layer(service_fn(serve));
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Reading {
        let mut all = ResourceMetrics::default();
        let mut reading = Reading { bytes: Some((0.0, 0.0)), ..Reading::default() };
        if self.reader.collect(&mut all).is_ok() {
            let metrics = all.scope_metrics().flat_map(|scope| scope.metrics());
            metrics.for_each(|metric| add(&mut reading, metric));
        }
        reading
    }
}

fn add(reading: &mut Reading, metric: &Metric) {
    match (metric.name(), metric.data()) {
        ("http.server.request.duration", AggregatedMetrics::F64(MetricData::Histogram(all))) => {
            for one in all.data_points() {
                reading.requests += one.count() as f64;
                reading.seconds += one.sum();
            }
        }
        ("http.server.response.body.size", AggregatedMetrics::U64(MetricData::Histogram(all))) => {
            for one in all.data_points() {
                let (sum, count) = reading.bytes.unwrap_or_default();
                reading.bytes = Some((sum + one.sum() as f64, count + one.count() as f64));
            }
        }
        ("http.server.active_requests", AggregatedMetrics::I64(MetricData::Sum(all))) => {
            reading.active += all.data_points().map(|one| one.value() as f64).sum::<f64>();
        }
        _ => {}
    }
}
