use std::{fmt, io, sync::Arc, time::SystemTime};

use self::{
    shared::Shared,
    thread::{Job, Output},
};
use crate::{Format, record::Record};

mod counts;
mod flush;
mod handle;
mod jobs;
mod lines;
mod shared;
mod thread;

pub use self::{handle::WriterHandle, lines::Lines};

/// The default number of lines that wait to be written.
const QUEUE: usize = 8192;

/// A writer of lines, from a thread of its own through a bounded queue.
///
/// A request never waits for the output: a line that finds the queue full is dropped and counted, and the next line that
/// is written has the number of lines that were lost since the line before. Each line is one call of the output's `write`;
/// an output that buffers lines is flushed by [`flush`](Self::flush) alone. A line that the output does not take is dropped
/// as well, and the next one starts on a line of its own. Clones share the queue and the thread; the thread ends after the
/// last clone is dropped and its queue is written.
///
/// # Example
///
/// ```
/// use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
///
/// let writer = Writer::stdout(Format::Json(Names::Ecs)).queue(1024);
/// let layer = AccessLogLayer::new().writer(writer.clone());
/// // When the service stops:
/// writer.flush();
/// assert_eq!(writer.handle().dropped(), 0);
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    /// Creates a writer to the standard output.
    #[must_use]
    pub fn stdout(format: Format) -> Self {
        Self::to(io::stdout(), format)
    }

    /// Creates a writer to `output`.
    #[must_use]
    pub fn to(output: impl io::Write + Send + 'static, format: Format) -> Self {
        Self { shared: Arc::new(Shared::new(Output::new(Box::new(output)), format, QUEUE)) }
    }

    /// Sets the number of lines that may wait to be written, at least 1. Default: 8192.
    ///
    /// # Panics
    ///
    /// If `lines` is 0, or if the writer has been cloned or has written a line.
    #[must_use]
    pub fn queue(mut self, lines: usize) -> Self {
        assert!(lines > 0, "Writer: `queue` must be at least 1");
        let shared = Arc::get_mut(&mut self.shared)
            .expect("Writer: `queue` must be set before the writer is used");
        shared.capacity = lines;
        self
    }

    /// Returns a handle to the writer's counts.
    #[must_use]
    pub fn handle(&self) -> WriterHandle {
        WriterHandle::new(self.clone())
    }

    /// Returns an output for lines of other code, such as a subscriber, which share the queue with records.
    #[must_use]
    pub fn lines(&self) -> Lines {
        Lines::of(self.clone())
    }

    /// Queues a record, and returns whether there was room for it.
    pub(crate) fn write(&self, record: &Record<'_>) -> bool {
        self.send(self.shared.format.line(record, SystemTime::now()))
    }

    /// Queues a line, and returns whether there was room for it.
    fn send(&self, line: Vec<u8>) -> bool {
        let is_queued = self.shared.sender().try_send(Job::Line(line)).is_ok();
        if !is_queued {
            self.shared.counts.add_dropped();
        }
        is_queued
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { format, capacity, .. } = &*self.shared;
        f.debug_struct("Writer")
            .field("format", format)
            .field("queue", capacity)
            .finish_non_exhaustive()
    }
}
