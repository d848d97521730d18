use crate::{on_response::OnResponse, rejected::Rejected};

/// The decision about a request. `W` is the wait for a store that does not answer at once.
pub(crate) enum Admission<W> {
    /// The request passes; the work that remains for its response.
    Pass(OnResponse),
    /// The request does not pass, at least not yet.
    Hold(Hold<W>),
}

/// The reason for which a request does not pass.
// Apart from the decision, so that one comparison tells whether the request passes.
pub(crate) enum Hold<W> {
    /// The request is rejected.
    Reject(Box<Rejected>),
    /// The store has not answered yet.
    Wait(W),
}

impl<W> Admission<W> {
    /// Rejects the request.
    pub(crate) fn reject(rejected: Rejected) -> Self {
        Self::Hold(Hold::Reject(Box::new(rejected)))
    }

    /// Converts the wait.
    pub(crate) fn map_wait<T>(self, map: impl FnOnce(W) -> T) -> Admission<T> {
        match self {
            Self::Pass(on_response) => Admission::Pass(on_response),
            Self::Hold(Hold::Reject(rejected)) => Admission::Hold(Hold::Reject(rejected)),
            Self::Hold(Hold::Wait(wait)) => Admission::Hold(Hold::Wait(map(wait))),
        }
    }
}
