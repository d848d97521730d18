//! The log, as a test reads it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use tracing::subscriber::{DefaultGuard, set_default};

/// Everything that this thread has logged.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Logs into a new one as long as the guard is there.
    pub(crate) fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().without_time().with_ansi(false);
        (log, set_default(subscriber.with_writer(move || writer.clone()).finish()))
    }

    /// Returns the lines without their times.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
