//! Logs in memory.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement::access_log::{Format, Names, Writer};
use serde_json::Value;
use tracing::{Level, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

pub(crate) const JSON: Format = Format::Json(Names::OpenTelemetry);

/// The bytes that a writer or a subscriber has written. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects the events of the current thread as JSON lines, until the guard is dropped.
    pub(crate) fn collect() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_max_level(Level::INFO)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Creates a writer to a new log, with room for every line of a test.
    pub(crate) fn writer(format: Format) -> (Self, Writer) {
        let log = Self::default();
        let writer = Writer::to(log.clone(), format).queue(200_000);
        (log, writer)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns the lines, each of which is a JSON object.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns the records among the lines of a subscriber.
    pub(crate) fn records(&self) -> Vec<Value> {
        let mut records = self.lines();
        records.retain(|line| line["target"] == "battlement::access");
        records
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
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

/// Waits until `writer` has written everything.
pub(crate) fn flush(writer: &Writer) {
    assert!(writer.flush_within(Duration::from_secs(60)), "the writer did not write all lines");
}

/// Returns the records of requests that are over: those without a stage, and the second ones of event streams.
pub(crate) fn ended(records: Vec<Value>) -> Vec<Value> {
    let is_ended = |record: &Value| matches!(record["stage"].as_str(), None | Some("end"));
    records.into_iter().filter(is_ended).collect()
}
