use std::{
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        mpsc::{RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel},
    },
    thread as threads,
    time::{Duration, SystemTime},
};

use self::{
    counts::Counts,
    thread::{Job, Output},
};
use crate::{Format, Record};

mod counts;
mod handle;
mod lines;
mod thread;

pub use self::{handle::WriterHandle, lines::Lines};

/// The default number of lines that wait to be written.
const QUEUE: usize = 8192;

/// The longest wait of [`Writer::flush`].
const FLUSH: Duration = Duration::from_secs(5);

/// The time between two tries to find room in a full queue.
const PAUSE: Duration = Duration::from_millis(1);

/// A writer of lines, from a thread of its own through a bounded queue.
///
/// A request never waits for the writer: a line that finds the queue full is dropped and counted, and the next line that
/// is written has the number of lines that were lost since the line before. Each line is one call of the output's `write`,
/// which must not keep a part of it for later. A line that the output does not take is dropped as well, and the next one
/// starts on a line of its own. Clones share the queue and the thread; the thread ends after the last clone is dropped
/// and its queue is written.
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

struct Shared {
    format: Format,
    /// The output, until the thread takes it.
    output: Mutex<Option<Output>>,
    capacity: usize,
    sender: OnceLock<SyncSender<Job>>,
    counts: Arc<Counts>,
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
        Self {
            shared: Arc::new(Shared {
                format,
                output: Mutex::new(Some(Output::new(Box::new(output)))),
                capacity: QUEUE,
                sender: OnceLock::new(),
                counts: Arc::default(),
            }),
        }
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

    /// Waits until the lines that were queued before the call are written, for at most 5 seconds; see
    /// [`flush_within`](Self::flush_within).
    pub fn flush(&self) {
        let _ = self.flush_within(FLUSH);
    }

    /// Waits until the lines that were queued before the call are written, for about `longest` at most, and returns
    /// whether they are. A pipe without a reader takes no lines.
    ///
    /// The call blocks the thread: in async code, use `spawn_blocking`.
    #[must_use]
    pub fn flush_within(&self, longest: Duration) -> bool {
        let (done, is_done) = channel();
        let mut job = Job::Flush(done);
        let mut left = longest;
        loop {
            match self.shared.sender().try_send(job) {
                Ok(()) => return is_done.recv_timeout(left).is_ok(),
                Err(TrySendError::Full(back)) => job = back,
                Err(TrySendError::Disconnected(_)) => return false,
            }
            // Nothing is sent here, so this is a pause.
            if left.is_zero() || is_done.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                return false;
            }
            left = left.saturating_sub(PAUSE);
        }
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

impl Shared {
    /// Returns the entrance of the queue. The first call starts the thread; without a thread, all lines are dropped.
    fn sender(&self) -> &SyncSender<Job> {
        self.sender.get_or_init(|| {
            let (sender, receiver) = sync_channel(self.capacity);
            let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (format, counts) = (self.format, Arc::clone(&self.counts));
            if let Some(output) = output {
                let run = move || thread::run(output, &receiver, format, &counts);
                let _ = threads::Builder::new().name("access-log".to_owned()).spawn(run);
            }
            sender
        })
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
