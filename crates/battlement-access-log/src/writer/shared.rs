use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread as threads,
};

use super::{
    counts::Counts,
    jobs::Jobs,
    thread::{self, Job, Output},
};
use crate::Format;

/// The state that the clones of a writer share.
pub(super) struct Shared {
    pub(super) format: Format,
    /// The output, until the thread takes it.
    output: Mutex<Option<Output>>,
    pub(super) capacity: usize,
    sender: OnceLock<SyncSender<Job>>,
    pub(super) counts: Arc<Counts>,
}

impl Shared {
    pub(super) fn new(output: Output, format: Format, capacity: usize) -> Self {
        Self {
            format,
            output: Mutex::new(Some(output)),
            capacity,
            sender: OnceLock::new(),
            counts: Arc::default(),
        }
    }

    /// Returns the sending end of the queue. The first call starts the thread; without a thread, all lines are dropped.
    pub(super) fn sender(&self) -> &SyncSender<Job> {
        self.sender.get_or_init(|| {
            let (sender, receiver) = sync_channel(self.capacity);
            let output = self.output.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (format, counts) = (self.format, Arc::clone(&self.counts));
            let jobs = Jobs::new(receiver, self.capacity);
            if let Some(output) = output {
                let run = move || thread::run(output, &jobs, format, &counts);
                let _ = threads::Builder::new().name("access-log".to_owned()).spawn(run);
            }
            sender
        })
    }
}
