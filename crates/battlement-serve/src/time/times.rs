use std::time::Duration;

use battlement_core::jittered;
use tokio::time::Instant;

use crate::Limits;

/// The time limits of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// From accept to the first request over HTTP/1, or to the SETTINGS frame of the peer over HTTP/2.
    pub(crate) first_request: Duration,
    /// From the first byte of a later head to its end.
    pub(crate) header: Duration,
    /// From the end of a request to the beginning of the next one.
    pub(crate) idle: Duration,
    /// The time in which the peer has to read a byte if any waits for it.
    pub(crate) write: Duration,
    /// The age at which a connection takes no further requests.
    pub(crate) age: Option<Duration>,
    /// The time that requests in flight have from then on.
    pub(crate) grace: Option<Duration>,
    /// The time in which the peer has to answer the PING of a graceful GOAWAY.
    pub(crate) answer: Duration,
    /// The number of requests after which a connection takes no further ones.
    pub(crate) requests: Option<u64>,
}

impl Times {
    /// Returns the time limits of one connection, with an age that varies at random.
    pub(crate) fn draw(limits: &Limits) -> Self {
        Self {
            first_request: limits.first_request,
            header: limits.header,
            idle: limits.idle,
            write: limits.write,
            age: limits.age.map(jittered),
            grace: limits.age_grace,
            answer: limits.ping_timeout,
            requests: limits.requests,
        }
    }
}

/// Returns the time `wait` after `start`; a wait of more than 30 years is shortened.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    start + wait.min(FAR)
}
