//! Compares the record of a request with tower-http's trace, without a subscriber and with tracing-subscriber's JSON.

use std::{io::sink, net::IpAddr, sync::OnceLock};

use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
use battlement_benches::{Bare, Case, request};
use battlement_core::{ClientIp, Ids, RequestFacts, RequestId, Via};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use tokio::time::Instant;
use tower::Layer;
use tower_http::{
    classify::{ServerErrorsAsFailures, SharedClassifier},
    trace::{DefaultMakeSpan, DefaultOnEos, DefaultOnRequest, DefaultOnResponse, TraceLayer},
};
use tracing::{Dispatch, Level, dispatcher::with_default};
use tracing_subscriber::fmt;

type Make = fn() -> Request<Full<Bytes>>;
type Trace = TraceLayer<SharedClassifier<ServerErrorsAsFailures>>;

pub(crate) fn cases() -> Vec<Case> {
    let ours = |name, make: Make| Case::new(name, make, Bare, AccessLogLayer::new().layer(Bare));
    let written = |name, make: Make, format| {
        let writer = Writer::to(sink(), format);
        Case::new(name, make, Bare, AccessLogLayer::new().writer(writer).layer(Bare))
    };
    let traced =
        |name, layer: Trace| Case::new(name, started as Make, Bare, layer.layer(Bare)).within(json);
    // Half and a quarter of the trace with one event.
    let lines = Format::Json(Names::OpenTelemetry);
    vec![
        ours("ours: level off", started).at_most(250, 0),
        ours("ours: a subscriber that takes errors", started).within(errors),
        ours("ours: JSON through tracing", started).within(json).at_most(21_800, 11),
        ours("ours: JSON through tracing, a request with id, client and route", described)
            .within(json),
        written("ours: JSON through the writer", started, lines).at_most(10_900, 2),
        written(
            "ours: JSON through the writer, a request with id, client and route",
            described,
            lines,
        )
        .at_most(10_900, 2),
        written("ours: combined log through the writer", started, Format::Combined),
        Case::new("tower-http: level off", started, Bare, TraceLayer::new_for_http().layer(Bare)),
        traced("tower-http: JSON at INFO, one event", one_event()),
        traced("tower-http: JSON at INFO, all events", all_events()),
    ]
}

/// Returns a trace with one line for each request.
pub(crate) fn one_event() -> Trace {
    TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO))
}

/// Returns a trace whose lines all have the level INFO: of the request, of the response, and of the end of its body.
pub(crate) fn all_events() -> Trace {
    one_event()
        .on_request(DefaultOnRequest::new().level(Level::INFO))
        .on_eos(DefaultOnEos::new().level(Level::INFO))
}

/// Runs a batch with a subscriber that formats events from INFO on as JSON.
fn json(run: &mut dyn FnMut()) {
    static JSON: OnceLock<Dispatch> = OnceLock::new();
    with_default(JSON.get_or_init(|| subscriber(Level::INFO)), run);
}

/// Runs a batch with a subscriber that takes nothing below ERROR.
fn errors(run: &mut dyn FnMut()) {
    static ERRORS: OnceLock<Dispatch> = OnceLock::new();
    with_default(ERRORS.get_or_init(|| subscriber(Level::ERROR)), run);
}

fn subscriber(level: Level) -> Dispatch {
    fmt().json().with_max_level(level).with_writer(sink).finish().into()
}

/// Creates a request of an outer layer, which has made the facts.
fn started() -> Request<Full<Bytes>> {
    let mut request = request();
    *request.uri_mut() = Uri::from_static("/users/42");
    request.extensions_mut().insert(RequestFacts::starting(Instant::now()));
    request
}

/// Creates the same request, with the facts of more outer layers.
fn described() -> Request<Full<Bytes>> {
    let request = started();
    if let Some(facts) = RequestFacts::of(&request) {
        facts.set_ids(Ids::new(RequestId::from_uuid([7; 16])));
        facts.set_client(ClientIp::new(IpAddr::from([203, 0, 113, 195]), Via::Peer));
        facts.set_route("/users/{id}");
    }
    request
}
