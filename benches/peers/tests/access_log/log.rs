//! A subscriber whose lines a test reads.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::{Dispatch, Level, dispatcher::DefaultGuard};
use tracing_subscriber::fmt;

/// The lines that were written since the subscriber was set for this thread.
pub(crate) struct Log {
    output: Output,
    _subscriber: DefaultGuard,
}

#[derive(Clone, Default)]
pub(crate) struct Output(Arc<Mutex<Vec<u8>>>);

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Log {
    /// Sets a subscriber that writes JSON from INFO on.
    pub(crate) fn json() -> Self {
        let output = Output::default();
        let lines = output.clone();
        let format = fmt().json().with_max_level(Level::INFO).with_writer(move || lines.clone());
        Self::of(output, format.finish().into())
    }

    /// Sets a subscriber that writes text from INFO on, without colors.
    pub(crate) fn text() -> Self {
        let output = Output::default();
        let lines = output.clone();
        let format = fmt().with_ansi(false).with_max_level(Level::INFO);
        Self::of(output, format.with_writer(move || lines.clone()).finish().into())
    }

    fn of(output: Output, subscriber: Dispatch) -> Self {
        Self { output, _subscriber: tracing::dispatcher::set_default(&subscriber) }
    }

    pub(crate) fn written(&self) -> String {
        self.output.text()
    }

    /// Returns the lines as JSON.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.written().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns the only line.
    pub(crate) fn line(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    }
}
