use std::io;

use battlement_core::catch_panic;

use super::{Writer, flush::FLUSH};
use crate::{Observe, observe::Observer};

/// An output that queues lines of other code in a [`Writer`]. Created by [`Writer::lines`].
///
/// With it, a subscriber writes records that are events through the bounded queue of a writer, so that no request waits
/// for a reader of the log. Each call of `write` is one line, as `tracing-subscriber` writes them. A line that finds the
/// queue full is dropped, and the next line of the writer has the number of lost lines as `dropped_lines`.
/// [`WriterHandle::dropped`](crate::WriterHandle::dropped) counts such lines, and so does an [observer](Self::observe).
/// Clones share the writer.
///
/// # Example
///
/// ```
/// use battlement_access_log::{Format, Names, Writer};
///
/// let lines = Writer::stdout(Format::Json(Names::OpenTelemetry)).lines();
/// let subscriber = tracing_subscriber::fmt().json().with_writer(move || lines.clone()).finish();
/// # drop(subscriber);
/// ```
#[derive(Clone, Debug)]
pub struct Lines {
    writer: Writer,
    observer: Observer,
}

impl Lines {
    pub(super) fn of(writer: Writer) -> Self {
        Self { writer, observer: Observer::default() }
    }

    /// Sets the observer whose [`dropped`](Observe::dropped) counts lines that find the queue full. Default: none.
    #[must_use]
    pub fn observe(mut self, observe: impl Observe + 'static) -> Self {
        self.observer = Observer::new(observe);
        self
    }

    fn observe_dropped(&self) {
        if let Some(observer) = self.observer.get() {
            let _ = catch_panic(|| observer.dropped());
        }
    }
}

impl io::Write for Lines {
    /// Queues `line` as a whole. Never fails: a line that finds the queue full is counted.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.writer.send(line.to_vec()) {
            self.observe_dropped();
        }
        Ok(line.len())
    }

    /// Waits as [`Writer::flush`] does.
    ///
    /// # Errors
    ///
    /// If lines are left in the queue after 5 seconds.
    fn flush(&mut self) -> io::Result<()> {
        if self.writer.flush_within(FLUSH) {
            return Ok(());
        }
        let message = "cannot flush the log: its output did not take every line within 5 seconds";
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    }
}
