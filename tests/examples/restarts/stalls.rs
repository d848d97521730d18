//! The times in which the machine stopped running this process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use tokio::time::Instant;

const TICK: Duration = Duration::from_millis(10);

/// A thread that does nothing but sleep, and measures by how much it wakes up too late.
///
/// A shutdown gives callers its delay and its linger. If a virtual machine is stopped for as long, both end before any
/// caller runs again, and requests are lost that no server can save.
#[derive(Debug)]
pub(crate) struct Stalls {
    longest: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

impl Stalls {
    pub(crate) fn watch() -> Self {
        let this = Self { longest: Arc::default(), is_over: Arc::default() };
        let (longest, is_over) = (Arc::clone(&this.longest), Arc::clone(&this.is_over));
        thread::spawn(move || {
            while !is_over.load(Relaxed) {
                let start = Instant::now();
                thread::park_timeout(TICK);
                let late = start.elapsed().saturating_sub(TICK).as_millis();
                longest.fetch_max(u64::try_from(late).unwrap_or(u64::MAX), Relaxed);
            }
        });
        this
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_millis(self.longest.load(Relaxed))
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
    }
}
