use std::{sync::Arc, time::Duration};

use battlement_core::{
    ClientIp, CorrelationId, Ids, PeerAddr, RequestFacts, RequestId, SpanId, Trace, TraceFlags,
    TraceId, Via,
};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use tokio::time::Instant;
use tracing::Level;

use super::*;
use crate::{
    Query, Stage,
    config::Config,
    entry::{Entry, Origin},
    head::Head,
};

mod golden;

const AGENT: HeaderName = http::header::USER_AGENT;
const REFERER: HeaderName = http::header::REFERER;

/// Returns a request with a hostile value in every place that a client can fill.
fn request() -> Request<()> {
    let path = "/orders/é\u{202e}%0a?a=\u{2028}&%74oken=hunter2";
    let mut request = Request::get(path).body(()).unwrap();
    let headers = request.headers_mut();
    headers.insert("content-length", HeaderValue::from_static("7"));
    headers.insert(AGENT, HeaderValue::from_bytes(b"curl \"\\\xff").unwrap());
    headers.insert(REFERER, HeaderValue::from_static("https://a/?key=hunter2"));
    headers.append("x-a", HeaderValue::from_static("1"));
    headers.append("x-a", HeaderValue::from_static("2"));
    request.extensions_mut().insert(PeerAddr("[::ffff:10.0.0.1]:4000".parse().unwrap()));
    request
}

fn facts() -> RequestFacts {
    let mut ids = Ids::new(RequestId::from_bytes(b"r-1").unwrap());
    ids.correlation = Some(CorrelationId(RequestId::from_bytes(b"c-1").unwrap()));
    let (trace, span) = (TraceId::new([1; 16]).unwrap(), SpanId::new([2; 8]).unwrap());
    ids.trace = Some(Trace::received(trace, span, TraceFlags::SAMPLED));
    let facts = RequestFacts::identified(Instant::now(), ids);
    facts.set_client(ClientIp::new("203.0.113.7".parse().unwrap(), Via::Peer));
    facts.set_route("/orders/{id}");
    facts
}

fn entry() -> Entry {
    let headers = vec![AGENT, REFERER, HeaderName::from_static("x-a")];
    let config = Config { query: Query::Redact, headers, ..Config::default() };
    let head = Head::of(&config, &request());
    let mut entry = Entry::new(&Arc::new(config), Origin::Request(facts()), head);
    entry.status = Some(StatusCode::OK);
    entry.first_byte = Some(Duration::from_micros(1500));
    entry.busy = Duration::from_micros(250);
    entry.bytes_out = 5;
    entry
}

/// Returns the line of a request in `format`.
fn line(format: Format) -> String {
    let entry = entry();
    let query = entry.head.query(Query::Redact);
    let duration = Duration::from_micros(12_345);
    let record = Record {
        entry: &entry,
        stage: Stage::Complete,
        level: Level::INFO,
        duration,
        weight: 10,
        query,
    };
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_887_180_250);
    String::from_utf8(format.line(&record, at)).unwrap()
}
