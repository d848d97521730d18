use std::{error::Error, fmt};

use crate::Overloaded;

/// The error of a future that a [`Handle`](crate::Handle) ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunError<E> {
    /// Too many calls are in flight, and the future was dropped before its first poll.
    Overloaded(Overloaded),
    /// The future returned this error.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overloaded(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

// The variants stand in for their errors, whose text they have, so that a report does not print it twice.
impl<E: Error + 'static> Error for RunError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Overloaded(error) => error.source(),
            Self::Failed(error) => error.source(),
        }
    }
}
