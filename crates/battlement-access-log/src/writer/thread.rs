use std::{
    io::{ErrorKind, Write},
    sync::{Arc, mpsc::Sender},
};

use battlement_core::catch_panic;

use super::{counts::Counts, jobs::Jobs};
use crate::Format;

/// The work of the thread of a writer.
pub(super) enum Job {
    Line(Vec<u8>),
    /// Flushes the output, and notifies the sender that every line before the job is written.
    Flush(Sender<()>),
}

/// An output, with what is left of a line that could not be written whole.
pub(super) struct Output {
    inner: Box<dyn Write + Send>,
    /// Whether the output ends within a line.
    is_torn: bool,
}

/// Works until all senders are gone.
pub(super) fn run(mut output: Output, jobs: &Jobs, format: Format, counts: &Arc<Counts>) {
    while let Some(job) = jobs.wait() {
        match job {
            Job::Line(line) => output.write_counted(line, format, counts),
            Job::Flush(done) => {
                let _ = catch_panic(|| output.inner.flush());
                let _ = done.send(());
            }
        }
    }
}

impl Output {
    pub(super) fn new(inner: Box<dyn Write + Send>) -> Self {
        Self { inner, is_torn: false }
    }

    /// Writes a line with the number of those that were dropped before it. A line that cannot be written is dropped.
    fn write_counted(&mut self, mut line: Vec<u8>, format: Format, counts: &Counts) {
        let dropped = counts.take_unreported();
        if dropped > 0 {
            format.add_dropped(&mut line, dropped);
        }
        if self.write_line(line) {
            counts.add_written();
        } else {
            counts.give_back(dropped);
            counts.add_dropped();
        }
    }

    /// Writes a line with one call, or with more if the output takes only a part, and returns whether all of it was
    /// written. After a part of a line, the next one starts on a line of its own.
    fn write_line(&mut self, mut line: Vec<u8>) -> bool {
        if self.is_torn {
            line.insert(0, b'\n');
        }
        let mut rest = &*line;
        while !rest.is_empty() {
            match catch_panic(|| self.inner.write(rest)) {
                Ok(Ok(count)) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
                Ok(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        let written = line.len() - rest.len();
        if let Some(last) = line.get(..written).and_then(<[u8]>::last) {
            self.is_torn = *last != b'\n';
        }
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests;
