use std::{sync::Arc, time::Duration};

/// Decides which calls of a service are repeated.
///
/// The layer adds everything else: the limit of attempts, the waits, the [budget](crate::Budget) and the deadline. A
/// policy has no state; what it must remember of a call is in [`Attempt`].
///
/// # Example
///
/// ```
/// use std::io;
///
/// use battlement_retry::{Attempt, Next, RetryLayer, RetryPolicy};
///
/// /// Repeats a query that the database did not receive.
/// #[derive(Clone)]
/// struct NotConnected;
///
/// impl RetryPolicy<&'static str, u64, io::Error> for NotConnected {
///     fn clone_request(&self, query: &&'static str) -> Option<&'static str> {
///         Some(query)
///     }
///
///     fn next(&self, _: &Attempt, result: Result<&u64, &io::Error>) -> Next {
///         match result {
///             Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Next::Again,
///             _ => Next::Stop,
///         }
///     }
/// }
///
/// let layer = RetryLayer::new(NotConnected).attempts(5);
/// ```
pub trait RetryPolicy<Req, Res, E> {
    /// Returns a copy of the request for a further attempt, or `None` if the request must not be repeated.
    fn clone_request(&self, request: &Req) -> Option<Req>;

    /// Returns what follows an attempt with this result, also for the last attempt.
    fn next(&self, attempt: &Attempt, result: Result<&Res, &E>) -> Next;
}

impl<P, Req, Res, E> RetryPolicy<Req, Res, E> for Arc<P>
where
    P: RetryPolicy<Req, Res, E> + ?Sized,
{
    fn clone_request(&self, request: &Req) -> Option<Req> {
        (**self).clone_request(request)
    }

    fn next(&self, attempt: &Attempt, result: Result<&Res, &E>) -> Next {
        (**self).next(attempt, result)
    }
}

/// The decision of a [`RetryPolicy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// The result goes back to the caller.
    Stop,
    /// Another attempt follows after the [backoff](crate::Backoff) of the layer, if attempts, budget and deadline allow.
    Again,
    /// Another attempt follows after this time, likewise.
    AgainAfter(Duration),
}

/// An attempt at a call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: u32,
    most: u32,
    elapsed: Duration,
}

impl Attempt {
    pub(crate) const fn new(number: u32, most: u32, elapsed: Duration) -> Self {
        Self { number, most, elapsed }
    }

    /// Returns the number of the attempt, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns whether the layer allows no further attempt.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.number >= self.most
    }

    /// Returns the time since the start of the call, with all its attempts and waits.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }
}
