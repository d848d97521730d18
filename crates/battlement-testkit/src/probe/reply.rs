use http::{Response, StatusCode};

use super::{Gate, ProbeBody, ProbeError};

/// The reply of a probe to one call.
#[derive(Clone, Debug)]
pub struct Reply<T = Response<ProbeBody>> {
    pub(super) outcome: Outcome<T>,
    pub(super) gate: Option<Gate>,
    pub(super) pending_polls: usize,
    pub(super) reads_body: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome<T> {
    Respond(T),
    Fail(ProbeError),
    PanicInCall,
    PanicInFuture,
}

impl Reply {
    /// Replies with a 200 and `body`.
    #[must_use]
    pub fn body(body: impl Into<ProbeBody>) -> Self {
        Self::respond(Response::new(body.into()))
    }

    /// Replies with `status` and an empty body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        let mut response = Response::new(ProbeBody::empty());
        *response.status_mut() = status;
        Self::respond(response)
    }

    /// Reads the request body to its end before the reply.
    #[must_use]
    pub const fn read_body(mut self) -> Self {
        self.reads_body = true;
        self
    }
}

impl<T> Reply<T> {
    /// Replies with `response`.
    #[must_use]
    pub const fn respond(response: T) -> Self {
        Self::of(Outcome::Respond(response))
    }

    /// Fails with `error`.
    #[must_use]
    pub const fn error(error: ProbeError) -> Self {
        Self::of(Outcome::Fail(error))
    }

    /// Panics in `call`, before it returns a future.
    #[must_use]
    pub const fn panic_in_call() -> Self {
        Self::of(Outcome::PanicInCall)
    }

    /// Panics when the future is polled.
    #[must_use]
    pub const fn panic_in_future() -> Self {
        Self::of(Outcome::PanicInFuture)
    }

    /// Stays pending forever.
    #[must_use]
    pub fn never() -> Self {
        Self::error(ProbeError::new("a closed gate was passed")).when(&Gate::new())
    }

    /// Waits until `gate` is open.
    #[must_use]
    pub fn when(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Stays pending for the first `polls` polls, each of which wakes the task immediately.
    #[must_use]
    pub const fn after_polls(mut self, polls: usize) -> Self {
        self.pending_polls = polls;
        self
    }

    /// Replaces the response, if the reply has one.
    #[cfg(feature = "contract")]
    pub(crate) fn map<U>(self, replace: impl FnOnce(T) -> U) -> Reply<U> {
        let outcome = match self.outcome {
            Outcome::Respond(response) => Outcome::Respond(replace(response)),
            Outcome::Fail(error) => Outcome::Fail(error),
            Outcome::PanicInCall => Outcome::PanicInCall,
            Outcome::PanicInFuture => Outcome::PanicInFuture,
        };
        let Self { gate, pending_polls, reads_body, .. } = self;
        Reply { outcome, gate, pending_polls, reads_body }
    }

    const fn of(outcome: Outcome<T>) -> Self {
        Self { outcome, gate: None, pending_polls: 0, reads_body: false }
    }
}

/// Replies with the default response; over HTTP, a 200 with an empty body.
impl<T: Default> Default for Reply<T> {
    fn default() -> Self {
        Self::respond(T::default())
    }
}
