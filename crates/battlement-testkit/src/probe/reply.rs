use http::{Response, StatusCode};

use super::{Gate, ProbeBody, ProbeError};

/// What the probe does with one call.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) outcome: Outcome,
    pub(super) gate: Option<Gate>,
    pub(super) pending_polls: usize,
    pub(super) reads: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Respond(Response<ProbeBody>),
    Fail(ProbeError),
    PanicInCall,
    PanicInFuture,
}

impl Reply {
    /// Answers with `response`.
    #[must_use]
    pub const fn respond(response: Response<ProbeBody>) -> Self {
        Self::of(Outcome::Respond(response))
    }

    /// Answers 200 with `body`.
    #[must_use]
    pub fn body(body: impl Into<ProbeBody>) -> Self {
        Self::respond(Response::new(body.into()))
    }

    /// Answers `status` with an empty body.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        let mut response = Response::new(ProbeBody::empty());
        *response.status_mut() = status;
        Self::respond(response)
    }

    /// Fails with `error`.
    #[must_use]
    pub const fn error(error: ProbeError) -> Self {
        Self::of(Outcome::Fail(error))
    }

    /// Panics in `call`, before there is a future.
    #[must_use]
    pub const fn panic_in_call() -> Self {
        Self::of(Outcome::PanicInCall)
    }

    /// Panics when the future is polled.
    #[must_use]
    pub const fn panic_in_future() -> Self {
        Self::of(Outcome::PanicInFuture)
    }

    /// Never answers.
    #[must_use]
    pub fn never() -> Self {
        Self::default().when(&Gate::new())
    }

    /// Answers once `gate` is open.
    #[must_use]
    pub fn when(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Is pending for so many polls first, each of which wakes the task at once.
    #[must_use]
    pub const fn after_polls(mut self, polls: usize) -> Self {
        self.pending_polls = polls;
        self
    }

    /// Reads the request's body to its end before it answers.
    #[must_use]
    pub const fn reading(mut self) -> Self {
        self.reads = true;
        self
    }

    const fn of(outcome: Outcome) -> Self {
        Self { outcome, gate: None, pending_polls: 0, reads: false }
    }
}

/// 200 with an empty body.
impl Default for Reply {
    fn default() -> Self {
        Self::body(ProbeBody::empty())
    }
}
