use std::fmt;

/// The reason why a request body cannot be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplayError {
    /// The body is longer than the limit, or has more than 1,024 frames.
    TooLarge,
    /// The body failed while an attempt read it.
    Failed,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "request body exceeds the replay limit and cannot be sent again",
            Self::Failed => "request body failed and cannot be sent again",
        })
    }
}

impl std::error::Error for ReplayError {}
