//! Lines of a writer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
use http::{Request, Response};
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
