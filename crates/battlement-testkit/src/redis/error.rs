use std::{error::Error, fmt, io};

use redis::RedisError;

/// Why there is no `redis-server` to test with.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// There is no such program on the path.
    NotInstalled,
    /// All ports that were tried were taken by others.
    PortTaken,
    /// It ran, and did not answer in time.
    Silent,
    /// It ended at once; this is what it said.
    Exited(String),
    /// The system would not start it.
    Io(io::Error),
    /// It ran, and would not become what it was to be: a member of a cluster, or a replica.
    Refused(RedisError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "redis-server is not installed: `apt-get install redis-server`, or `brew install redis`",
            ),
            Self::PortTaken => f.write_str("redis-server found no free port"),
            Self::Silent => f.write_str("redis-server did not answer in time"),
            Self::Exited(said) => write!(f, "redis-server ended at once: {said}"),
            Self::Io(_) => f.write_str("redis-server could not be started"),
            Self::Refused(_) => f.write_str("redis-server refused its part"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RedisError> for StartError {
    fn from(error: RedisError) -> Self {
        Self::Refused(error)
    }
}
