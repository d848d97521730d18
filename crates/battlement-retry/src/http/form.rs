use std::error::Error;

use battlement_core::{Reject, WithError, WithResponse};

use crate::{History, RetriesExhausted};

type BoxError = Box<dyn Error + Send + Sync>;

/// The form of the results of a layer around HTTP services: responses, with the error of the service unchanged, or boxed
/// errors. Implemented by [`WithResponse`] and [`WithError`].
pub trait HttpForm<Req, Res, E>: Reject<Req, Res, E> {
    /// Returns the error and its sources, by which it is judged.
    #[doc(hidden)]
    fn view(error: &Self::Error) -> &(dyn Error + 'static);

    /// Adds the attempts to the last error.
    #[doc(hidden)]
    fn exhausted(error: Self::Error, history: Option<History>) -> Self::Error;
}

impl<Req, Res, E> HttpForm<Req, Res, E> for WithResponse
where
    Self: Reject<Req, Res, E, Error = E>,
    E: Error + 'static,
{
    fn view(error: &E) -> &(dyn Error + 'static) {
        error
    }

    fn exhausted(error: E, _: Option<History>) -> E {
        error
    }
}

impl<Req, Res, E: Into<BoxError>> HttpForm<Req, Res, E> for WithError {
    fn view(error: &BoxError) -> &(dyn Error + 'static) {
        error.as_ref()
    }

    fn exhausted(error: BoxError, history: Option<History>) -> BoxError {
        RetriesExhausted::boxed(error, history)
    }
}
