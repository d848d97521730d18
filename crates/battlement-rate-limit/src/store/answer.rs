use std::{
    fmt,
    future::{Ready, ready},
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use super::sealed::Sealed;
use crate::StoreError;

/// The answer of a [`Store`](crate::Store): [`Now`] or [`Later`], and [`Chosen`](crate::Chosen) of
/// [`MemoryOr`](crate::MemoryOr). Code for any store awaits it.
pub trait Answer<T>:
    IntoFuture<Output = Result<T, StoreError>, IntoFuture: Send + 'static>
    + Sealed
    + Sized
    + Send
    + 'static
{
    /// The value of an answer for a caller who knows the store: `T` of [`Now`], and the future [`Later`] of any other.
    type Value;

    /// Returns the value.
    fn into_value(self) -> Self::Value;

    /// Returns the answer as one of a store that may answer later.
    fn into_later(self) -> Later<T>;
}

/// The answer of a store that always answers at once, and never fails.
///
/// A [`RateLimit`](crate::RateLimit) with such a store does not need an inner service that is `Clone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now<T>(pub T);

/// The answer of every other store, which may be available already.
///
/// The answer is a future, which must be awaited for the operation to be made.
#[must_use = "futures do nothing unless polled"]
pub struct Later<T>(State<T>);

enum State<T> {
    Now(T),
    Failed(StoreError),
    /// `None` after the answer was returned.
    Wait(Option<BoxFuture<T>>),
}

/// A future of an answer that is not available yet. A box costs little beside a round trip.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

impl<T> Later<T> {
    /// Creates an answer that is available already.
    #[inline]
    pub fn now(answer: Result<T, StoreError>) -> Self {
        Self(answer.map_or_else(State::Failed, State::Now))
    }

    /// Creates the answer that `future` will return.
    pub fn new(future: impl Future<Output = Result<T, StoreError>> + Send + 'static) -> Self {
        Self(State::Wait(Some(Box::pin(future))))
    }

    /// Returns the answer, or the future of an answer that is not available yet.
    #[inline]
    pub(crate) fn available(self) -> Result<Result<T, StoreError>, BoxFuture<T>> {
        match self.0 {
            State::Now(answer) => Ok(Ok(answer)),
            State::Failed(error) => Ok(Err(error)),
            State::Wait(future) => Err(future.expect("a new answer has a future")),
        }
    }
}

impl<T> From<Now<T>> for Later<T> {
    #[inline]
    fn from(Now(answer): Now<T>) -> Self {
        Self(State::Now(answer))
    }
}

impl<T> IntoFuture for Now<T> {
    type Output = Result<T, StoreError>;
    type IntoFuture = Ready<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        ready(Ok(self.0))
    }
}

/// A value is never pinned.
impl<T> Unpin for Later<T> {}

impl<T> Future for Later<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::Wait(Some(future)) = &mut self.0 {
            return future.as_mut().poll(cx);
        }
        match mem::replace(&mut self.0, State::Wait(None)) {
            State::Now(answer) => Poll::Ready(Ok(answer)),
            State::Failed(error) => Poll::Ready(Err(error)),
            State::Wait(_) => panic!("`Later` polled after completion"),
        }
    }
}

impl<T: Send + 'static> Answer<T> for Now<T> {
    type Value = T;

    fn into_value(self) -> T {
        self.0
    }

    #[inline]
    fn into_later(self) -> Later<T> {
        self.into()
    }
}

impl<T: Send + 'static> Answer<T> for Later<T> {
    type Value = Self;

    fn into_value(self) -> Self {
        self
    }

    #[inline]
    fn into_later(self) -> Self {
        self
    }
}

impl<T> Sealed for Now<T> {}
impl<T> Sealed for Later<T> {}

impl<T> fmt::Debug for Later<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").finish_non_exhaustive()
    }
}
