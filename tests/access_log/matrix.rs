//! Each way in which a request can end, over HTTP/1 and HTTP/2, with an access log in both forms and with metrics.

use battlement::{access_log::AccessLogLayer, metrics::HttpMetrics};
use battlement_core::{ConnectionScheme, Scheme};
use battlement_testkit::{
    matrix::{End, Way},
    server::Protocol,
};
use http::Request;
use hyper::body::Incoming;
use serde_json::Value;
use tower::ServiceBuilder;

use crate::{
    log::{JSON, Log, ended, flush},
    page::{counted, counts, http_labels},
};

/// The histograms of requests and of those that do not end with their response.
const HISTOGRAMS: [&str; 2] =
    ["http_server_request_duration_seconds", "http_server_stream_duration_seconds"];

/// Returns the outcome of `way`.
fn outcome(way: &Way) -> &'static str {
    match (way.end, way.status) {
        (End::BodyFailed, _) => "body_error",
        (End::Panicked, _) => "panic",
        (End::Cancelled, _) => "cancelled",
        (_, Some(500)) => "500",
        _ => "ok",
    }
}

/// Returns the stages of the records of `way`.
fn stages(way: &Way) -> &'static [Option<&'static str>] {
    match (way.end, way.path) {
        (End::Upgraded, _) => &[Some("head")],
        (_, "/events") => &[Some("head"), Some("end")],
        _ => &[None],
    }
}

/// Checks the records of `way`.
fn check(way: &Way, records: &[Value], what: &str) {
    let stages_of_records: Vec<_> = records.iter().map(|record| record["stage"].as_str()).collect();
    assert_eq!(stages_of_records, stages(way), "{what}: {records:?}");
    let last = records.last().unwrap();
    assert_eq!(last["outcome"], outcome(way), "{what}: {last}");
    assert_eq!(last["http.response.body.size"], way.bytes, "{what}: {last}");
    assert_eq!(last["http.response.status_code"].as_u64(), way.status.map(u64::from), "{what}");
    let millis = last["duration_ms"].as_f64().unwrap();
    assert!(millis >= way.least_duration().as_secs_f64() * 1e3, "{what}: {last}");
}

#[tokio::test]
async fn each_way_to_end_has_its_record_and_records_and_metrics_agree_label_for_label() {
    let metrics = HttpMetrics::new();
    let (mut all, mut number) = (Vec::new(), 0);
    for (way, protocol) in Way::each() {
        let what = format!("{} over {protocol:?}", way.name);
        let (events, _guard) = Log::collect();
        let (lines, writer) = Log::writer(JSON);
        number += 1;
        let scheme = ConnectionScheme(if protocol == Protocol::Http2 {
            Scheme::Https
        } else {
            Scheme::Http
        });
        let layers = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(scheme);
                request
            })
            .layer(AccessLogLayer::new())
            .layer(AccessLogLayer::new().writer(writer.clone()))
            .layer(metrics.server_layer());
        let is_over = || {
            let records = events.records().len();
            (metrics.ended(), metrics.active()) == (number, 0) && records == stages(&way).len()
        };
        way.run(protocol, |responses| layers.service(responses), is_over).await;
        flush(&writer);
        check(&way, &events.records(), &format!("event: {what}"));
        check(&way, &lines.lines(), &format!("line: {what}"));
        // The record of an upgrade, which has no other, was written at its head.
        all.extend(match way.end {
            End::Upgraded => events.records(),
            _ => ended(events.records()),
        });
    }
    assert_eq!(all.len(), Way::each().count());
    assert_eq!(counted(&all, http_labels), counts(&metrics, &HISTOGRAMS));
}
