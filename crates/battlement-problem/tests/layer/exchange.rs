//! Runs one request through a layer and a handler, and collects the log.

use std::{
    convert::Infallible,
    error::Error,
    io,
    sync::{Arc, Mutex},
};

use battlement_core::{Ids, RequestFacts};
use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The id of every request.
pub(crate) const ID: &str = "request-4711";

pub(crate) struct Answer {
    pub(crate) response: Response<Bytes>,
    pub(crate) log: String,
}

/// Sends a request with these headers through `layer` to a handler.
pub(crate) async fn send<E: Into<BoxError>>(
    layer: ProblemLayer,
    headers: &[(HeaderName, &'static str)],
    handler: impl AsyncFn(Request<()>) -> Result<Response<Full<Bytes>>, E>,
) -> Answer {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    ask(layer, request.body(()).unwrap(), handler).await
}

pub(crate) async fn ask<E: Into<BoxError>>(
    layer: ProblemLayer,
    mut request: Request<()>,
    handler: impl AsyncFn(Request<()>) -> Result<Response<Full<Bytes>>, E>,
) -> Answer {
    let ids = Ids::new(ID.parse().unwrap());
    let facts = RequestFacts::identified(tokio::time::Instant::now(), ids);
    request.extensions_mut().insert(facts);

    let log = Log::default();
    let subscriber = {
        let log = log.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish()
    };
    let _logged = tracing::subscriber::set_default(subscriber);
    let service = layer.layer(service_fn(|request| handler(request)));
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    Answer { response: Response::from_parts(parts, body), log }
}

/// Returns a handler that answers with this response.
pub(crate) fn answer(
    response: Response<&'static str>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(response.map(Full::from))
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.response.body()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        serde_json::from_slice(self.response.body()).unwrap()
    }

    /// Returns the whole answer as text.
    pub(crate) fn all(&self) -> String {
        format!("{:?} {}", self.response.headers(), String::from_utf8_lossy(self.response.body()))
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
