use std::error::Error;

use battlement_core::{Reject, ResponseBody, WithError, WithResponse};
use http::{Response, response::Parts};

type BoxError = Box<dyn Error + Send + Sync>;

/// The form of the results of a layer around services of `http`, with responses whose bodies are of type `B`: responses,
/// with the error of the service unchanged, or boxed errors. Implemented by [`WithResponse`] and [`WithError`].
pub trait BodyForm<Req, B, E>: Reject<Req, Response<B>, E> {
    /// Creates the service's own response from its parts, of which the body is wrapped.
    // From parts, since each conversion of a whole response moves it.
    #[doc(hidden)]
    fn respond(head: Parts, body: B) -> Self::Response;
}

impl<Req, B, E> BodyForm<Req, B, E> for WithResponse
where
    Self: Reject<Req, Response<B>, E, Response = Response<ResponseBody<B>>, Error = E>,
{
    #[inline(always)]
    fn respond(head: Parts, body: B) -> Response<ResponseBody<B>> {
        Response::from_parts(head, ResponseBody::inner(body))
    }
}

impl<Req, B, E: Into<BoxError>> BodyForm<Req, B, E> for WithError {
    #[inline(always)]
    fn respond(head: Parts, body: B) -> Response<B> {
        Response::from_parts(head, body)
    }
}
