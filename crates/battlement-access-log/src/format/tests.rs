use std::{sync::Arc, time::Duration};

use battlement_core::{
    ClientIp, CorrelationId, ErrorType, Ids, PeerAddr, RequestFacts, RequestId, SpanId, Trace,
    TraceFlags, TraceId, Via,
};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use tokio::time::Instant;
use tracing::Level;

use super::*;
use crate::{
    Query,
    config::Config,
    entry::{Entry, Origin},
    head::Head,
    stage::Stage,
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
    line_of(&entry(), format, Stage::Complete, Level::INFO, 10)
}

fn line_of(entry: &Entry, format: Format, stage: Stage, level: Level, weight: u32) -> String {
    let query = entry.head.query(Query::Redact);
    let duration = Duration::from_micros(12_345);
    let record = Record { entry, stage, level, duration, weight, query };
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_887_180_250);
    String::from_utf8(format.line(&record, at)).unwrap()
}

#[test]
fn each_preset_has_its_own_names_of_levels() {
    let levels = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
    for (names, prefix, expected) in [
        (Names::OpenTelemetry, "\"level\":", r#""ERROR","WARN","INFO","DEBUG","TRACE""#),
        (Names::Ecs, "\"log.level\":", r#""error","warn","info","debug","trace""#),
        (Names::GoogleCloud, "\"severity\":", r#""ERROR","WARNING","INFO","DEBUG","DEBUG""#),
        (Names::PinoHttp, "\"level\":", "50,40,30,20,10"),
    ] {
        for (level, word) in levels.into_iter().zip(expected.split(',')) {
            let line = line_of(&entry(), Format::Json(names), Stage::Complete, level, 1);
            assert!(line.contains(&format!("{prefix}{word},")), "{level}: {line}");
        }
    }
}

#[test]
fn the_method_of_a_grpc_call_has_the_same_name_in_every_preset() {
    let mut entry = entry();
    entry.head.uri = "/pkg.Shop/Buy".parse().unwrap();
    for is_grpc in [true, false] {
        entry.is_grpc = is_grpc;
        for names in [Names::OpenTelemetry, Names::Ecs, Names::GoogleCloud, Names::PinoHttp] {
            let line = line_of(&entry, Format::Json(names), Stage::Complete, Level::INFO, 1);
            assert_eq!(line.contains(r#","rpc.method":"pkg.Shop/Buy","#), is_grpc, "{line}");
        }
    }
}

#[test]
fn the_weight_1_is_left_out() {
    for (weight, is_present) in [(1, false), (2, true)] {
        let json = Format::Json(Names::OpenTelemetry);
        let line = line_of(&entry(), json, Stage::Complete, Level::INFO, weight);
        assert_eq!(line.contains("\"sample_weight\":2,"), is_present, "{line}");
        assert_eq!(line.contains("sample_weight"), is_present, "{line}");
    }
}

#[test]
fn the_combined_log_has_a_status_for_a_request_without_a_response() {
    let mut entry = entry();
    entry.status = None;
    for (error, stage, status) in [
        (ErrorType::None, Stage::Received, 100),
        (ErrorType::Cancelled, Stage::Complete, 499),
        (ErrorType::Timeout, Stage::Complete, 504),
        (ErrorType::Shutdown, Stage::Complete, 503),
        (ErrorType::Panic, Stage::Complete, 500),
    ] {
        entry.error = error;
        let line = line_of(&entry, Format::Combined, stage, Level::INFO, 1);
        assert!(line.contains(&format!(" HTTP/1.1\" {status} 5 ")), "{line}");
    }
}

#[test]
fn the_number_of_dropped_lines_is_added_to_lines_of_other_code_without_breaking_them() {
    for (line, expected) in [
        ("{\"a\":1}\n", "{\"a\":1,\"dropped_lines\":3}\n"),
        ("a line {}\n", "a line {} dropped_lines=3\n"),
        ("{ is open\n", "{ is open dropped_lines=3\n"),
        ("text\n", "text dropped_lines=3\n"),
        ("without a line feed", "without a line feed dropped_lines=3\n"),
    ] {
        let mut bytes = line.as_bytes().to_vec();
        Format::Json(Names::OpenTelemetry).add_dropped(&mut bytes, 3);
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
