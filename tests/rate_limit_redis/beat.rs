//! The time for which the machine itself was stalled, so that a test of latency does not blame the code for it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::time::Instant;

const BEAT: Duration = Duration::from_millis(1);

/// A thread that wants to run each millisecond, and records how late it was.
#[derive(Debug)]
pub(crate) struct Beat {
    stop: Arc<AtomicBool>,
    late: Arc<Mutex<Vec<(Instant, Duration)>>>,
    thread: Option<JoinHandle<()>>,
}

impl Beat {
    pub(crate) fn start() -> Self {
        let (stop, late) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (stopped, noted) = (stop.clone(), late.clone());
        let thread = thread::spawn(move || {
            while !stopped.load(Relaxed) {
                let began = Instant::now();
                thread::park_timeout(BEAT);
                noted.lock().unwrap().push((began, began.elapsed().saturating_sub(BEAT)));
            }
        });
        Self { stop, late, thread: Some(thread) }
    }

    /// Returns the sum of its delays between two times.
    pub(crate) fn late(&self, from: Instant, to: Instant) -> Duration {
        let late = self.late.lock().unwrap();
        let first = late.partition_point(|(began, late)| *began + *late + BEAT < from);
        late[first..].iter().take_while(|(began, _)| *began <= to).map(|(_, late)| *late).sum()
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}
