//! A log in memory, and the requests and services that tests send.
#![allow(dead_code, reason = "each test uses a part")]

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use battlement_access_log::AccessLogLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use serde_json::Value;
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing::{Level, Subscriber, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

/// A log of JSON lines, which the current thread writes.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects events of at least `level`, until the guard is dropped.
    pub(crate) fn of(level: Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.subscriber(level));
        (log, guard)
    }

    pub(crate) fn start() -> (Self, DefaultGuard) {
        Self::of(Level::INFO)
    }

    fn subscriber(&self, level: Level) -> impl Subscriber + Send + Sync + 'static {
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(level)
            .with_writer(self.clone())
            .finish()
    }

    /// Returns the records so far.
    pub(crate) fn records(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["target"] == "battlement::access").collect()
    }

    /// Returns the only record.
    pub(crate) fn record(&self) -> Value {
        let records = self.records();
        assert_eq!(records.len(), 1, "{records:?}");
        records.into_iter().next().unwrap()
    }

    /// Returns the outcomes so far.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let word = |record: &Value| record["outcome"].as_str().unwrap().to_owned();
        self.records().iter().map(word).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns a request without a body.
pub(crate) fn get(path: &str) -> Request<Empty<Bytes>> {
    Request::get(path).body(Empty::new()).unwrap()
}

/// Sends `request` through `layer` to a service that answers with `response`, and drops the answer unread.
pub(crate) async fn send<B: http_body::Body>(
    layer: &AccessLogLayer,
    request: Request<Empty<Bytes>>,
    response: Response<B>,
) {
    let mut response = Some(response);
    let service = service_fn(move |_: Request<_>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap()))
    });
    drop(layer.layer(service).oneshot(request).await.unwrap());
}

/// Returns a service that answers every request with 200 and a short text.
pub(crate) fn hello() -> impl Service<
    Request<Empty<Bytes>>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone {
    service_fn(async |_: Request<Empty<Bytes>>| Ok(Response::new(Full::from("hello"))))
}
