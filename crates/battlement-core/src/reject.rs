use std::error::Error;

use crate::Rejection;
#[cfg(feature = "http")]
use crate::{Answer, ResponseBody};
#[cfg(feature = "http")]
use http::{Extensions, Response};

mod with_error;
#[cfg(feature = "http")]
mod with_response;

pub use self::with_error::WithError;
#[cfg(feature = "http")]
pub use self::with_response::WithResponse;

/// The form in which layers reject a call unless another is chosen: a response.
#[cfg(feature = "http")]
pub type DefaultReject = WithResponse;
/// The form in which layers reject a call unless another is chosen: an error, as there are no HTTP responses without
/// the feature `http`.
#[cfg(not(feature = "http"))]
pub type DefaultReject = WithError;

/// The form in which a layer rejects a call to a service that takes `Req` and returns `Res` or `E`.
///
/// Layers have it as a type parameter: [`WithResponse`] keeps the service's error type and answers with a response,
/// [`WithError`] returns the layer's own error.
pub trait Reject<Req, Res, E> {
    /// The data about the sender of a request that a rejection depends on.
    type Caller;
    /// The response of the layer's service.
    type Response;
    /// The error of the layer's service.
    type Error;

    /// Reads the request before the service takes it.
    fn caller(request: &Req) -> Self::Caller;

    /// Reads the request before the service takes it, for a rejection that abandons a body which stalled. Default: as
    /// [`caller`](Self::caller).
    fn stalled_caller(request: &Req) -> Self::Caller {
        Self::caller(request)
    }

    /// Reads the request for a rejection that may come after the service has taken it, at less cost than
    /// [`caller`](Self::caller).
    fn late_caller(request: &Req) -> Self::Caller {
        Self::caller(request)
    }

    /// Returns the extensions of the request, in which layers find its facts. Default: none, as for other calls.
    #[cfg(feature = "http")]
    fn extensions(request: &Req) -> Option<&Extensions> {
        let _ = request;
        None
    }

    /// Returns the extensions of the request for a change. Default: none, as for other calls.
    #[cfg(feature = "http")]
    fn extensions_mut(request: &mut Req) -> Option<&mut Extensions> {
        let _ = request;
        None
    }

    /// Converts the service's own response.
    fn response(response: Res) -> Self::Response;

    /// Converts the service's own error.
    fn error(error: E) -> Self::Error;

    /// Converts the service's own result.
    ///
    /// # Errors
    ///
    /// When the service has failed.
    #[inline]
    fn pass(result: Result<Res, E>) -> Result<Self::Response, Self::Error> {
        match result {
            Ok(response) => Ok(Self::response(response)),
            Err(error) => Err(Self::error(error)),
        }
    }

    /// Creates the result of a call that was rejected because of `error`.
    ///
    /// # Errors
    ///
    /// When a rejection is an error in this form.
    fn reject(caller: Self::Caller, error: impl LocalError) -> Result<Self::Response, Self::Error>;

    /// Creates the result of a call that was rejected because of `error`, for a layer of HTTP with a body of its own.
    ///
    /// # Errors
    ///
    /// When a rejection is an error in this form.
    #[cfg(feature = "http")]
    fn answer<B>(
        caller: Self::Caller,
        error: impl LocalError,
    ) -> Result<Response<ResponseBody<B>>, Self::Error>;
}

/// An error of a layer's own, whose source is a [`Rejection`].
pub trait LocalError: Error + Send + Sync + 'static {
    /// Returns the reason, which is also the error's source.
    fn rejection(&self) -> Rejection;

    /// Returns the answer to a caller that reads a response. Default: the plain one.
    #[cfg(feature = "http")]
    fn answer(&self) -> Answer {
        Answer::new(self.rejection())
    }
}

/// The plain error of a rejection, which is its own source.
impl LocalError for Rejection {
    fn rejection(&self) -> Rejection {
        *self
    }
}
