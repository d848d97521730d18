use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use battlement_testkit::{
    matrix::Responses,
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, response::Parts};
use tokio::time::Instant;
use tower::ServiceBuilder;
use tower_http::{
    classify::ServerErrorsFailureClass,
    metrics::InFlightRequestsLayer,
    on_early_drop::{OnBodyDropFn, OnEarlyDropLayer},
    trace::TraceLayer,
};
use tracing::Span;

use crate::{Recorder, Totals, recorder::Serving};

/// Counts with tower-http's callbacks: those of `TraceLayer` for requests that end, and those of
/// `OnEarlyDropLayer` for dropped futures and bodies.
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
    cancelled: f64,
}

impl TowerHttp {
    fn counter(
        &self,
    ) -> impl Fn(f64, Duration, usize, f64) + Clone + Send + Sync + 'static + use<> {
        let counts = Arc::clone(&self.counts);
        move |requests, elapsed, bytes, cancelled| {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.requests += requests;
            counts.seconds += elapsed.as_secs_f64();
            counts.bytes += bytes as f64;
            counts.cancelled += cancelled;
        }
    }
}

impl Recorder for TowerHttp {
    fn name(&self) -> &'static str {
        "tower-http 0.7.1 (callbacks)"
    }

    fn serve(&self, protocol: Protocol) -> Serving<'_> {
        let count = self.counter();
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
            .on_eos(move |_: Option<&HeaderMap>, elapsed: Duration, _: &Span| {
                eos(1.0, elapsed, 0, 0.0)
            })
            .on_failure(move |class: ServerErrorsFailureClass, elapsed: Duration, _: &Span| {
                // A failure status is reported with the head; the end of its body by `on_eos`.
                if matches!(class, ServerErrorsFailureClass::Error(_)) {
                    failure(1.0, elapsed, 0, 0.0);
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
            .service(Responses::new());
        Box::pin(Server::hyper(protocol, move |_| service.clone()))
    }

    fn read(&self) -> Totals {
        let counts = *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        Totals {
            requests: counts.requests,
            seconds: counts.seconds,
            // The callbacks report the size of each chunk, but not of each request.
            bytes: None,
            active: self.in_flight.get() as f64,
            cancelled: Some(counts.cancelled),
        }
    }
}
