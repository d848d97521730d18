//! The kinds of errors of `accept`.

use std::io;

/// The kind of an error of `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcceptErrorKind {
    /// The process or the system has no free descriptor or memory. The accept loop backs off.
    Resources,
    /// The connection failed before it was accepted. The accept loop continues at once.
    Connection,
    /// Any other error. The accept loop backs off.
    Other,
}

impl AcceptErrorKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Resources, Self::Connection, Self::Other];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Connection => "connection",
            Self::Other => "other",
        }
    }

    pub(crate) fn of(error: &io::Error) -> Self {
        use io::ErrorKind::{
            ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted, OutOfMemory,
        };
        match error.kind() {
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted => {
                Self::Connection
            }
            OutOfMemory => Self::Resources,
            _ => Self::Other,
        }
    }
}
