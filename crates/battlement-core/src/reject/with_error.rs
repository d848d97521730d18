use std::error::Error;

#[cfg(feature = "http")]
use http::Response;

use super::{LocalError, Reject};
#[cfg(feature = "http")]
use crate::ResponseBody;

/// Rejects a call with the layer's own error, boxed as by tower's layers; a downcast finds the typed error.
///
/// The service may take and return any type, and its error is boxed too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WithError;

type BoxError = Box<dyn Error + Send + Sync>;

impl<Req, Res, E: Into<BoxError>> Reject<Req, Res, E> for WithError {
    type Caller = ();
    type Response = Res;
    type Error = BoxError;

    fn caller(_: &Req) {}

    #[inline]
    fn response(response: Res) -> Res {
        response
    }

    fn error(error: E) -> BoxError {
        error.into()
    }

    fn reject((): (), error: impl LocalError) -> Result<Res, BoxError> {
        Err(Box::new(error))
    }

    #[cfg(feature = "http")]
    fn answer<B>((): (), error: impl LocalError) -> Result<Response<ResponseBody<B>>, BoxError> {
        Err(Box::new(error))
    }
}
