//! Debian's goaccess reads the combined log.

use std::{convert::Infallible, process::Command};

use battlement::access_log::{AccessLogLayer, Format, Query};
use battlement_core::PeerAddr;
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::{Empty, Full};
use serde_json::Value;
use tower::{Layer, Service, service_fn};

use crate::{
    corpus::HOSTILE,
    log::{Log, flush},
};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
const STATUSES: [u16; 8] = [200, 204, 301, 304, 404, 429, 500, 503];
const PEERS: [&str; 3] = ["203.0.113.7:4000", "[2001:db8::7]:4000", "[::ffff:10.0.0.1]:4000"];

/// Returns the `n`th request, with hostile text in its target and in its headers where `http` allows it.
fn request(n: usize) -> Request<Empty<Bytes>> {
    let hostile = HOSTILE[n % HOSTILE.len()];
    let mut request = Request::new(Empty::new());
    *request.method_mut() = METHODS[n % METHODS.len()].parse().unwrap();
    let target = [format!("/{n}/").as_bytes(), hostile, b"?q=", hostile].concat();
    *request.uri_mut() = target.try_into().unwrap_or_else(|_| format!("/{n}").parse().unwrap());
    for name in ["user-agent", "referer"] {
        if let Ok(value) = HeaderValue::from_bytes(hostile) {
            request.headers_mut().insert(name, value);
        }
    }
    if n.is_multiple_of(3) {
        *request.version_mut() = http::Version::HTTP_2;
    }
    request.extensions_mut().insert(PeerAddr(PEERS[n % PEERS.len()].parse().unwrap()));
    request
}

/// Sends 1,000 requests, of which one in ten is cancelled, and returns the lines.
async fn lines() -> String {
    let (log, writer) = Log::writer(Format::Combined);
    let layer = AccessLogLayer::new().headers(["user-agent", "referer"]).query(Query::Redact);
    let mut number = 0;
    let mut service = layer.writer(writer.clone()).layer(service_fn(move |_: Request<_>| {
        let status = STATUSES[number % STATUSES.len()];
        number += 1;
        let response = Response::builder().status(status).body(Full::<Bytes>::from("hello"));
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    }));
    for n in 0..1_000 {
        let call = service.call(request(n));
        if !n.is_multiple_of(10) {
            drop(call.await);
        }
    }
    flush(&writer);
    log.text()
}

#[tokio::test]
async fn goaccess_reads_a_thousand_lines_and_rejects_none() {
    let lines = lines().await;
    assert_eq!(lines.lines().count(), 1_000);
    let folder = tempfile::tempdir().unwrap();
    let (log, report) = (folder.path().join("access.log"), folder.path().join("report.json"));
    std::fs::write(&log, &lines).unwrap();
    // Without `--no-global-config`, the settings of the machine would apply.
    let goaccess = Command::new("goaccess")
        .args(["--no-global-config", "--log-format=COMBINED", "--no-progress", "--output"])
        .args([&report, &log])
        .output()
        .unwrap();
    assert!(goaccess.status.success(), "{goaccess:?}");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let general = &report["general"];
    let counts = ["total_requests", "valid_requests", "failed_requests"].map(|name| &general[name]);
    assert_eq!(counts, [1_000, 1_000, 0], "{general}");
    assert_eq!(general["unique_visitors"].as_u64().map(|visitors| visitors >= 3), Some(true));
}
