use std::error::Error;

use http::{Extensions, HeaderMap, Response, StatusCode};

use crate::{Ending, ErrorChain, Rejection, Verdict};

mod auto;
mod errors_by;
mod grpc;
mod http_status;

#[cfg(feature = "tonic")]
pub(crate) use self::grpc::verdict as grpc_verdict;
pub use self::{auto::Auto, errors_by::ErrorsBy, grpc::GrpcStatus, http_status::HttpStatus};

/// The head of a response, without its body.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, which contain the [`Rejection`] of a battlement layer.
    pub extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    /// Returns the head of `response`.
    pub fn of<B>(response: &'a Response<B>) -> Self {
        Self::new(response.status(), response.headers(), response.extensions())
    }

    /// Returns the head of a response of another type than that of `http`.
    #[must_use]
    pub const fn new(
        status: StatusCode,
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
    ) -> Self {
        Self { status, headers, extensions }
    }

    /// Returns the verdict if a battlement layer created the response.
    fn rejected(&self) -> Option<Verdict> {
        let rejection = self.extensions.get::<Rejection>()?;
        Some(Verdict::Failure(rejection.failure()))
    }
}

/// The judgment of a call by the head of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgment {
    /// The verdict is final.
    Now(Verdict),
    /// The verdict depends on the end of the body; see [`Classify::end`].
    AtEnd,
}

/// Judges whether a call failed.
///
/// A call is judged once: by its error, by the head of its response or, after [`Judgment::AtEnd`], by the end of the
/// body.
pub trait Classify {
    /// Judges the head of a response.
    fn head(&self, head: &Head<'_>) -> Judgment;

    /// Judges the end of a body whose head was [`Judgment::AtEnd`].
    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict;

    /// Judges an error that was returned instead of a response: by the default [`ErrorChain`], unless the type has one of
    /// its own (see [`ErrorsBy`]).
    fn error(&self, error: &(dyn Error + 'static)) -> Verdict {
        ErrorChain::default().verdict(error)
    }
}

#[cfg(test)]
mod tests;
