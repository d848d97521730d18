use std::{error::Error, fmt};

/// The error of a [`Probe`](crate::probe::Probe). Two errors are equal if their messages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeError(&'static str);

impl ProbeError {
    /// Creates an error with the given message.
    #[must_use]
    pub const fn new(message: &'static str) -> Self {
        Self(message)
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for ProbeError {}
