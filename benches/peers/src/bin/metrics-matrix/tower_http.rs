use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use battlement_testkit::server::{Protocol, Server};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, response::Parts};
use tokio::time::Instant;
use tower::{ServiceBuilder, service_fn};
use tower_http::{
    classify::ServerErrorsFailureClass,
    metrics::InFlightRequestsLayer,
    on_early_drop::{OnBodyDropFn, OnEarlyDropLayer},
    trace::TraceLayer,
};
use tracing::Span;

use crate::{Reading, Subject, answers::serve, reading::Serving};

/// What can be counted by the callbacks that tower-http has: `TraceLayer`'s for what ends, and
/// `OnEarlyDropLayer`'s for what is dropped.
#[derive(Default)]
pub(crate) struct TowerHttp {
    counts: Arc<Mutex<Counts>>,
    in_flight: tower_http::metrics::in_flight_requests::InFlightRequestsCounter,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    requests: f64,
    seconds: f64,
    bytes: f64,
    left: f64,
}

impl TowerHttp {
    fn counting(
        &self,
    ) -> impl Fn(f64, Duration, usize, f64) + Clone + Send + Sync + 'static + use<> {
        let counts = Arc::clone(&self.counts);
        move |requests, took, bytes, left| {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.requests += requests;
            counts.seconds += took.as_secs_f64();
            counts.bytes += bytes as f64;
            counts.left += left;
        }
    }
}

impl Subject for TowerHttp {
    fn name(&self) -> &'static str {
        "tower-http 0.7.1 (callbacks)"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let count = self.counting();
        let none = Duration::ZERO;
        let (response, chunk, eos, failure) =
            (count.clone(), count.clone(), count.clone(), count.clone());
        let (early, late) = (count.clone(), count);
        let trace = TraceLayer::new_for_http()
            .on_response(move |_: &Response<_>, latency: Duration, _: &Span| {
                response(0.0, latency, 0, 0.0)
            })
            .on_body_chunk(move |data: &Bytes, _: Duration, _: &Span| {
                chunk(0.0, none, data.len(), 0.0)
            })
            .on_eos(move |_: Option<&HeaderMap>, took: Duration, _: &Span| eos(1.0, took, 0, 0.0))
            .on_failure(move |class: ServerErrorsFailureClass, took: Duration, _: &Span| {
                // A status is told at the head, and the end of its body by `on_eos`.
                if matches!(class, ServerErrorsFailureClass::Error(_)) {
                    failure(1.0, took, 0, 0.0);
                }
            });
        let dropped = OnEarlyDropLayer::builder()
            .on_future_drop(move |_: &Request<_>| {
                let (early, start) = (early.clone(), Instant::now());
                move || early(1.0, start.elapsed(), 0, 1.0)
            })
            .on_body_drop(OnBodyDropFn::new(move |_: &Request<_>| {
                let (late, start) = (late.clone(), Instant::now());
                move |_: &Parts| move || late(1.0, start.elapsed(), 0, 1.0)
            }));
        let service = ServiceBuilder::new()
            .layer(InFlightRequestsLayer::new(self.in_flight.clone()))
            .layer(trace)
            .layer(dropped)
            .service(service_fn(serve));
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Reading {
        let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Reading {
            requests: counts.requests,
            seconds: counts.seconds,
            // Sizes can be added up, but not told by request.
            bytes: None,
            active: self.in_flight.get() as f64,
            left: Some(counts.left),
        }
    }
}
