use std::{error::Error, io};

use http::{Extensions, HeaderMap, Response, StatusCode};

use crate::{Ending, Failure, Rejection, Verdict, causes};

mod auto;
mod grpc;
mod http_status;

pub use self::{auto::Auto, grpc::GrpcStatus, http_status::HttpStatus};

/// The head of a response, without its body.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Head<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, where a [`Rejection`] of ours stands.
    pub extensions: &'a Extensions,
}

impl<'a> Head<'a> {
    /// The head of `response`.
    pub fn of<B>(response: &'a Response<B>) -> Self {
        Self {
            status: response.status(),
            headers: response.headers(),
            extensions: response.extensions(),
        }
    }

    /// What the head says if a layer on our own side wrote it.
    fn rejected(&self) -> Option<Verdict> {
        let rejection = self.extensions.get::<Rejection>()?;
        Some(Verdict::Failure(rejection.failure()))
    }
}

/// What the head of a response says of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Judgment {
    /// This.
    Now(Verdict),
    /// Nothing yet: the answer lies at the end of the body, for [`Classify::end`].
    AtEnd,
}

/// Tells whether a call failed.
///
/// A call is judged once: by its error, or by the head of the response, or, if the head says
/// [`Judgment::AtEnd`], by the end of the body.
pub trait Classify {
    /// Judges the head of a response.
    fn head(&self, head: &Head<'_>) -> Judgment;

    /// Judges the end of a body whose head left it open.
    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict;

    /// Judges an error that came in the place of a response.
    fn error(&self, error: &(dyn Error + 'static)) -> Verdict {
        Verdict::Failure(failure_of(error))
    }
}

/// Looks for a kind we know in `error` and its sources; what nobody knows broke on the way.
fn failure_of(error: &(dyn Error + 'static)) -> Failure {
    if let Some(rejection) = Rejection::find(error) {
        return rejection.failure();
    }
    let kinds = causes(error).filter_map(|error| error.downcast_ref().map(io::Error::kind));
    let known = kinds.filter_map(|kind| match kind {
        io::ErrorKind::TimedOut => Some(Failure::Timeout),
        io::ErrorKind::ConnectionRefused => Some(Failure::NotProcessed),
        _ => None,
    });
    { known }.next().unwrap_or(Failure::Transport)
}

#[cfg(test)]
mod tests;
