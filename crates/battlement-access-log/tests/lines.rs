//! Lines of a writer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_access_log::{AccessLogLayer, Format, Names, Query, Writer};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use log::send;
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_line_is_a_json_object_whatever_the_path_contains() {
    let output = Output::default();
    let writer = Writer::to(output.clone(), Format::Json(Names::OpenTelemetry));
    let handler = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::new())));
    let service = AccessLogLayer::new().writer(writer.clone()).layer(handler);
    let request = Request::get("/orders/\"7\"").body(()).unwrap();
    drop(service.oneshot(request).await.unwrap());
    writer.flush();
    let line: Value = serde_json::from_slice(&output.0.lock().unwrap()).unwrap();
    for (name, expected) in [
        ("outcome", json!("ok")),
        ("http.request.method", json!("GET")),
        ("url.path", json!("/orders/\"7\"")),
        ("http.response.status_code", json!(200)),
    ] {
        assert_eq!(line[name], expected, "{name}");
    }
}

/// Returns a request whose method, path, query and header are longer than any value of a record.
fn long() -> Request<Empty<Bytes>> {
    let text = "A".repeat(10_000);
    Request::builder()
        .method(text.as_str())
        .uri(format!("/{text}?{text}"))
        .header("user-agent", text)
        .body(Empty::new())
        .unwrap()
}

#[tokio::test]
async fn each_long_value_is_cut_and_marked_in_every_format() {
    let layer = AccessLogLayer::new().query(Query::Redact).headers(["user-agent"]);
    let names = [Names::OpenTelemetry, Names::Ecs, Names::GoogleCloud, Names::PinoHttp];
    for format in names.map(Format::Json).into_iter().chain([Format::Combined]) {
        let lines = Output::default();
        let writer = Writer::to(lines.clone(), format);
        let layer = layer.clone().writer(writer.clone()).longest_value(100);
        send(&layer, long(), Response::new(Full::<Bytes>::default())).await;
        assert!(writer.flush_within(Duration::from_secs(60)));
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.len() < 2_000 && text.contains(&"A".repeat(99)), "{text}");
        let mark = if format == Format::Combined { "\\…" } else { "\"truncated\":[" };
        assert!(text.contains(mark), "{text}");
    }
    let (log, _guard) = log::Log::start();
    send(&layer.longest_value(100), long(), Response::new(Full::<Bytes>::default())).await;
    let record = log.record();
    for name in ["http.request.method", "url.path", "url.query", "http.request.headers"] {
        let value = record[name].as_str().unwrap();
        assert!(value.len() < 150 && value.ends_with("\\…"), "{name}: {value}");
    }
}
