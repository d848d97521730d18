use std::{error::Error, fmt};

/// The error of a [`Probe`](crate::probe::Probe): equal only to one with the same text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeError(&'static str);

impl ProbeError {
    /// An error that says `text`.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for ProbeError {}
