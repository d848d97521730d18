use std::{cell::Cell, future::ready, io};

use battlement_benches::{Bare, Case, request};
use battlement_circuit_breaker::{
    CallOutcome, CircuitBreakerLayer, FallbackLayer, Handle, Observe, Rate, Trip, judge_error,
};
use battlement_core::HttpStatus;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response, Uri};
use http_body_util::Full;
use tower::{Layer, Service, util::MapResponse};

use crate::lazy::Lazy;

mod peers;

type Call = Request<Full<Bytes>>;
type Answer = Response<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let ours = ours().into_iter().chain(with_keys()).chain(with_windows()).chain(fallbacks());
    ours.chain(peers::cases()).collect()
}

fn layer() -> CircuitBreakerLayer {
    CircuitBreakerLayer::new("billing")
}

fn ours() -> Vec<Case> {
    let slow = Trip::default().or(Trip::slow_rate(Rate::at_least(0.5)));
    vec![
        Case::new(
            "ours: any service",
            request,
            Bare,
            layer().judge(judge_error).as_error().layer(Bare),
        )
        .at_most(300, 0),
        Case::new("ours: HTTP by status", request, Bare, layer().classify(HttpStatus).layer(Bare))
            .at_most(475, 0),
        Case::new("ours: HTTP or gRPC by content type", request, Bare, layer().layer(Bare))
            .at_most(600, 0),
        Case::new("ours: the same, as an error", request, Bare, layer().as_error().layer(Bare))
            .at_most(600, 0),
        Case::new(
            "ours: the same, with a slow rate",
            request,
            Bare,
            layer().trip(slow).layer(Bare),
        )
        .at_most(660, 0),
        Case::new("ours: the same, observed", request, Bare, layer().observe(Seen).layer(Bare)),
        Case::new(
            "ours: the same, body dropped unread",
            request,
            MapResponse::new(Bare, |_| Answer::default()),
            MapResponse::new(layer().layer(Bare), |_| Answer::default()),
        ),
        Case::new("ours: the same, disabled", request, Bare, layer().enabled(false).layer(Bare)),
        Case::new("ours: rejected", request, Bare, opened().layer(Bare)),
    ]
}

fn opened() -> CircuitBreakerLayer {
    let (layer, handle) = layer().pair();
    handle.force_open();
    layer
}

struct Seen;

impl Observe for Seen {
    fn judged(&self, outcome: CallOutcome) {
        std::hint::black_box(outcome);
    }
}

fn with_keys() -> Vec<Case> {
    let hosts = || CircuitBreakerLayer::per_authority().layer(Bare);
    vec![
        Case::new("ours: by authority, 1 key", of_one_host, Bare, hosts()).at_most(850, 0),
        Case::new("ours: by authority, 1,024 keys", of_1024_hosts, Bare, hosts()).at_most(850, 0),
    ]
}

fn with_windows() -> Vec<Case> {
    let base = || Lazy::new(|| Bare);
    vec![
        Case::new("ours: any service, a window of 1,000 calls", request, base(), {
            Lazy::new(|| filled(Trip::default(), 1_000))
        }),
        Case::new("ours: any service, a window of 1,000,000 calls", request, base(), {
            Lazy::new(|| filled(Trip::default(), 1_000_000))
        }),
        Case::new("ours: any service, a rate of the last 1,000 calls", request, base(), {
            Lazy::new(|| filled(of_calls(1_000), 1_000))
        }),
        Case::new("ours: any service, a rate of the last 1,000,000 calls", request, base(), {
            Lazy::new(|| filled(of_calls(1_000_000), 1_000_000))
        }),
    ]
}

/// Returns fallbacks of calls that succeed.
fn fallbacks() -> Vec<Case> {
    let closure = FallbackLayer::closure(|_, _| Some(Response::new("cached")));
    vec![
        Case::new(
            "ours: a fallback to a value, not needed",
            request,
            Bare,
            FallbackLayer::value(Response::new("cached")).layer(Bare),
        ),
        Case::new("ours: a fallback to a closure, not needed", request, Bare, closure.layer(Bare)),
        Case::new(
            "ours: a fallback to a service, not needed",
            request,
            Bare,
            FallbackLayer::service(Bare).layer(Bare),
        ),
    ]
}

fn of_calls(calls: u32) -> Trip {
    Trip::failure_rate(Rate::at_least(0.5).over_calls(calls))
}

/// Creates a service whose breaker has counted `calls` successes.
fn filled(
    trip: Trip,
    calls: u32,
) -> impl Service<Call, Response = Answer, Error = tower::BoxError> + Clone {
    let (layer, handle) = layer().trip(trip).judge(judge_error).as_error().pair();
    (0..calls).for_each(|_| succeed(&handle));
    layer.layer(Bare)
}

fn succeed(handle: &Handle) {
    let call = handle.run(ready(Ok::<_, io::Error>(())));
    assert!(call.now_or_never().is_some());
}

thread_local! {
    static HOST: Cell<usize> = const { Cell::new(0) };
    static HOSTS: Vec<Uri> =
        (0..1_024).map(|at| format!("http://host-{at:04}:80/").parse().expect("a URI")).collect();
}

/// Creates a request to the host at the index that `next` returns for the last one.
fn of_host(next: fn(usize) -> usize) -> Call {
    let at = next(HOST.get());
    HOST.set(at);
    let mut request = request();
    *request.uri_mut() = HOSTS.with(|hosts| hosts[at].clone());
    request
}

fn of_one_host() -> Call {
    of_host(|_| 0)
}

fn of_1024_hosts() -> Call {
    of_host(|at| (at + 1) % 1_024)
}
