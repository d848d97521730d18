use std::{
    fmt, io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
};

use crate::{Format, Record};

/// The default number of lines that wait to be written.
const QUEUE: usize = 8192;

/// A writer of lines, from a thread of its own through a bounded queue.
///
/// A request never waits for the writer: a line that finds the queue full is dropped and counted. Clones share the
/// queue and the thread.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    format: Format,
    /// The output, until the thread takes it.
    output: Mutex<Option<Box<dyn io::Write + Send>>>,
    capacity: usize,
    sender: OnceLock<SyncSender<Job>>,
    written: AtomicU64,
    dropped: AtomicU64,
}

enum Job {
    Line(Vec<u8>),
    Flush(Sender<()>),
}

/// The counts of a [`Writer`].
#[derive(Clone, Debug)]
pub struct WriterHandle(Writer);

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
                output: Mutex::new(Some(Box::new(output))),
                capacity: QUEUE,
                sender: OnceLock::new(),
                written: AtomicU64::new(0),
                dropped: AtomicU64::new(0),
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

    /// Waits until the lines that were queued before the call are written. The call blocks the thread: in async code,
    /// use `spawn_blocking`.
    pub fn flush(&self) {
        let (done, is_done) = channel();
        if self.shared.sender().send(Job::Flush(done)).is_ok() {
            let _ = is_done.recv();
        }
    }

    /// Returns a handle to the writer's counts.
    #[must_use]
    pub fn handle(&self) -> WriterHandle {
        WriterHandle(self.clone())
    }

    /// Returns the format of the lines.
    pub(crate) fn format(&self) -> Format {
        self.shared.format
    }

    /// Queues a record, and returns whether there was room for it.
    pub(crate) fn write(&self, record: &Record<'_>) -> bool {
        let mut line = Vec::with_capacity(512);
        self.shared.format.write(record, &mut line);
        let is_queued = self.shared.sender().try_send(Job::Line(line)).is_ok();
        if !is_queued {
            self.shared.dropped.fetch_add(1, Relaxed);
        }
        is_queued
    }
}

impl Shared {
    fn sender(self: &Arc<Self>) -> &SyncSender<Job> {
        self.sender.get_or_init(|| {
            let (sender, receiver) = sync_channel(self.capacity);
            let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
            let shared = Arc::downgrade(self);
            if let Some(output) = output {
                let count = move |lines| {
                    if let Some(shared) = shared.upgrade() {
                        shared.written.fetch_add(lines, Relaxed);
                    }
                };
                let _ = thread::Builder::new()
                    .name("access-log".to_owned())
                    .spawn(move || run(output, &receiver, count));
            }
            sender
        })
    }
}

fn run(mut output: Box<dyn io::Write + Send>, jobs: &Receiver<Job>, count: impl Fn(u64)) {
    for job in jobs {
        match job {
            Job::Line(line) => {
                let _ = output.write_all(&line);
                count(1);
            }
            Job::Flush(done) => {
                let _ = output.flush();
                let _ = done.send(());
            }
        }
    }
}

impl WriterHandle {
    /// Returns the number of lines that were passed to the output, including lines for which the output returned an
    /// error.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.0.shared.written.load(Relaxed)
    }

    /// Returns the number of lines that were dropped, because the queue was full or the thread could not be started.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.shared.dropped.load(Relaxed)
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
