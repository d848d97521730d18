use std::io::{self, Write};

use crate::hooks::block;

/// Logs to standard output.
pub(crate) fn init(blocks: bool) {
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || Output { blocks }).init();
}

/// A writer that may block before a report of lost work, as on a pipe that is full.
struct Output {
    blocks: bool,
}

impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.blocks && String::from_utf8_lossy(line).contains("shutdown incomplete") {
            block();
        }
        io::stdout().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
