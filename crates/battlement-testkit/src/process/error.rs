use std::{error::Error, fmt, io};

/// An error from waiting for a program.
#[derive(Debug)]
pub struct WaitError {
    kind: Kind,
    log: String,
}

#[derive(Debug)]
enum Kind {
    Line(String),
    Running,
    Io(io::Error),
}

impl WaitError {
    pub(super) fn line(part: &str, log: String) -> Self {
        Self { kind: Kind::Line(part.to_owned()), log }
    }

    pub(super) const fn running(log: String) -> Self {
        Self { kind: Kind::Running, log }
    }

    pub(super) const fn io(error: io::Error) -> Self {
        Self { kind: Kind::Io(error), log: String::new() }
    }

    /// Returns the log of the program up to the error.
    #[must_use]
    pub fn log(&self) -> &str {
        &self.log
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, log } = self;
        match kind {
            Kind::Line(part) => write!(f, "the log has no line with {part:?}:\n{log}"),
            Kind::Running => write!(f, "the program is still running:\n{log}"),
            Kind::Io(_) => f.write_str("failed to wait for the program"),
        }
    }
}

impl Error for WaitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            _ => None,
        }
    }
}
