//! Tests the behavior of the peers' circuit breakers that COMPARE.md describes, and ours under the same conditions.
#![allow(missing_docs, reason = "a test")]

mod cancel;
mod half_open;
mod layering;
mod open_time;
mod ours;
mod peers;
mod rejection;
mod stale;
mod verdict;
mod window;

use std::{
    fmt,
    future::{pending, ready},
    pin::Pin,
    time::Duration,
};

/// The time for which the breakers of these tests are open. The clocks of most peers are real.
pub(crate) const OPEN: Duration = Duration::from_millis(200);
/// The number of failures in a row that open these breakers.
pub(crate) const FAILURES: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// The service failed.
    Broken,
    /// The caller is at fault, so the error says nothing about the service.
    OfCaller,
    /// The breaker is open.
    Rejected,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Error {}

pub(crate) type Outcome = Result<(), Error>;

/// A call of a service, which is its own future.
pub(crate) type Call = Pin<Box<dyn Future<Output = Outcome> + Send>>;

pub(crate) fn ends(outcome: Outcome) -> Call {
    Box::pin(ready(outcome))
}

pub(crate) fn succeeds() -> Call {
    ends(Ok(()))
}

pub(crate) fn fails() -> Call {
    ends(Err(Error::Broken))
}

pub(crate) fn hangs() -> Call {
    Box::pin(pending())
}
