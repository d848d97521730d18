use std::{borrow::Cow, fmt};

use crate::Signal;

/// The reason for which a process shuts down: the first one that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The process received a signal.
    Signal(Signal),
    /// The process asked for its own end, with [`trigger`](crate::ShutdownHandle::trigger).
    Requested(Cow<'static, str>),
    /// A server ended by itself, without an error.
    ServerEnded,
    /// A server ended with this error.
    ServerFailed(String),
    /// A server panicked with this message.
    ServerPanicked(String),
    /// A task or a handler panicked with this message, and the policy for panics is to shut down.
    Panicked(String),
}

impl Reason {
    /// Returns whether the reason is a failure of the process itself.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::ServerFailed(_) | Self::ServerPanicked(_) | Self::Panicked(_))
    }
}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self::Requested(Cow::Borrowed(text))
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Requested(Cow::Owned(text))
    }
}

impl From<Signal> for Reason {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "received {signal}"),
            Self::Requested(text) => f.write_str(text),
            Self::ServerEnded => f.write_str("the server ended"),
            Self::ServerFailed(error) => write!(f, "the server failed: {error}"),
            Self::ServerPanicked(message) => write!(f, "the server panicked: {message}"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}
