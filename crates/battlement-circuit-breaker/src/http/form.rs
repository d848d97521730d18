use std::error::Error;

use battlement_core::{Reject, WithError, WithResponse};

type BoxError = Box<dyn Error + Send + Sync>;

/// The form of the results of a layer around HTTP services: responses, with the error of the service unchanged, or boxed
/// errors. Implemented by [`WithResponse`] and [`WithError`].
pub trait HttpForm<Req, Res, E>: Reject<Req, Res, E> {
    /// Returns the error and its sources, by which it is judged.
    #[doc(hidden)]
    fn view(error: &Self::Error) -> &(dyn Error + 'static);
}

impl<Req, Res, E> HttpForm<Req, Res, E> for WithResponse
where
    Self: Reject<Req, Res, E, Error = E>,
    E: Error + 'static,
{
    fn view(error: &E) -> &(dyn Error + 'static) {
        error
    }
}

impl<Req, Res, E: Into<BoxError>> HttpForm<Req, Res, E> for WithError {
    fn view(error: &BoxError) -> &(dyn Error + 'static) {
        error.as_ref()
    }
}
