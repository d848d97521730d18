use std::{error::Error, fmt, io};

use redis::RedisError;

/// An error from starting or configuring a `redis-server`.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The program `redis-server` is not in the path.
    NotInstalled,
    /// Every tried port was in use.
    PortTaken,
    /// The server did not answer or become ready in time.
    TimedOut,
    /// The server exited during its start; contains its output.
    Exited(String),
    /// The system failed to start the process.
    Io(io::Error),
    /// The server rejected a configuration command, for example to join a cluster or to become a replica.
    Rejected(RedisError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str(
                "redis-server is not installed: run `apt-get install redis-server` or `brew install redis`",
            ),
            Self::PortTaken => f.write_str("redis-server found no free port"),
            Self::TimedOut => f.write_str("redis-server did not answer in time"),
            Self::Exited(output) => write!(f, "redis-server exited during its start: {output}"),
            Self::Io(_) => f.write_str("failed to start redis-server"),
            Self::Rejected(_) => f.write_str("redis-server rejected a configuration command"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Rejected(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RedisError> for StartError {
    fn from(error: RedisError) -> Self {
        Self::Rejected(error)
    }
}
