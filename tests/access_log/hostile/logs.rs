//! The logs of a server in every format at once.

use std::convert::Infallible;

use battlement::{
    access_log::{AccessLogLayer, Format, Names, Query, Writer},
    request_id::RequestIdLayer,
};
use battlement_testkit::{client::Raw, server::Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::{Layer, service_fn};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{fmt::layer, layer::SubscriberExt as _};

use super::sent::{Sent, corpus};
use crate::log::{Log, flush};

const FORMATS: [Format; 5] = [
    Format::Json(Names::OpenTelemetry),
    Format::Json(Names::Ecs),
    Format::Json(Names::GoogleCloud),
    Format::Json(Names::PinoHttp),
    Format::Combined,
];

/// The logs of a server in each format.
pub(super) struct Logs {
    pub(super) lines: [(Format, Log, Writer); 5],
    pub(super) json: Log,
    pub(super) full: Log,
    pub(super) compact: Log,
}

impl Logs {
    pub(super) fn start() -> (Self, DefaultGuard) {
        let lines = FORMATS.map(|format| {
            let (log, writer) = Log::writer(format);
            (format, log, writer)
        });
        let (json, full, compact) = (Log::default(), Log::default(), Log::default());
        let subscriber = tracing_subscriber::registry()
            .with(layer().json().flatten_event(true).with_writer(json.clone()))
            .with(layer().with_ansi(false).with_writer(full.clone()))
            .with(layer().with_ansi(false).compact().with_writer(compact.clone()));
        let logs = Self { lines, json, full, compact };
        (logs, tracing::subscriber::set_default(subscriber))
    }

    /// Sends the corpus to a server, and returns the requests that it accepted.
    pub(super) async fn fill(&self) -> Vec<Sent> {
        let log = AccessLogLayer::new().query(Query::Redact).headers(["user-agent", "referer"]);
        let [a, b, c, d, e] =
            [0, 1, 2, 3, 4].map(|at| log.clone().writer(self.lines[at].2.clone()));
        let hello = service_fn(async |_: Request<Incoming>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello")))
        });
        let service = (RequestIdLayer::new(), log, a, b, c, d, e).layer(hello);
        let server = Server::http1(service).await.unwrap();
        let mut accepted = Vec::new();
        for (number, (place, value)) in corpus().enumerate() {
            let sent = Sent::of(place, number, value);
            let answer = Raw::exchange(server.addr(), sent.bytes()).await.unwrap();
            if answer.starts_with(b"HTTP/1.1 200") {
                accepted.push(sent);
            } else {
                assert!(answer.starts_with(b"HTTP/1.1 400"), "{sent:?}");
            }
        }
        self.lines.iter().for_each(|(.., writer)| flush(writer));
        accepted
    }

    /// Returns the text of each format, with its name.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let lines = self.lines.iter().map(|(format, log, _)| (format!("{format:?}"), log.text()));
        let events = [("json", &self.json), ("full", &self.full), ("compact", &self.compact)];
        lines.chain(events.map(|(name, log)| (name.to_owned(), log.text()))).collect()
    }
}
