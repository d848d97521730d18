use std::{error::Error, fmt};

/// The reason why a store has not answered. Its text contains neither keys nor passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is known to be unavailable, and no request was sent.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// The queue of requests that wait for the store is full.
    QueueFull,
    /// The store answered with an error, or the connection broke.
    Failed,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "rate limit store unavailable",
            Self::Timeout => "rate limit store timed out",
            Self::QueueFull => "rate limit store queue is full",
            Self::Failed => "rate limit store failed",
        })
    }
}

impl Error for StoreError {}
