use crate::{on_response::OnResponse, rejected::Rejected};

/// The decision about a request. `W` is the wait for a store that does not answer at once.
pub(crate) enum Admission<W> {
    /// The request passes; the work that remains for its response.
    Pass(OnResponse),
    /// The request is rejected.
    Reject(Box<Rejected>),
    /// The store has not answered yet.
    Wait(W),
}

impl<W> Admission<W> {
    /// Converts the wait.
    pub(crate) fn map_wait<T>(self, map: impl FnOnce(W) -> T) -> Admission<T> {
        match self {
            Self::Pass(on_response) => Admission::Pass(on_response),
            Self::Reject(rejected) => Admission::Reject(rejected),
            Self::Wait(wait) => Admission::Wait(map(wait)),
        }
    }
}
