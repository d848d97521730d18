use std::{error::Error, io};

use tokio::time::error::Elapsed;

#[cfg(feature = "http")]
use crate::GrpcCode;
use crate::{Failure, Rejection, Verdict, causes};

#[cfg(feature = "h2")]
mod h2;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "hyper-util")]
mod hyper_util;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "tonic")]
mod tonic;

/// A function that returns the verdict on an error it knows, and `None` for every other error.
///
/// The function is called with each error of a chain of sources on its own.
pub type JudgeError = fn(&(dyn Error + 'static)) -> Option<Verdict>;

/// A list of functions that judge the error of a call, shared by circuit breaker, retry and limiter.
///
/// The first function that knows an error among all sources decides. The functions of the chain come first, then those
/// that battlement knows:
///
/// | error | verdict |
/// |---|---|
/// | with a [`Rejection`] | [`Rejection::failure`] |
/// | `ConnectionRefused` of [`io::Error`] | not processed |
/// | `hyper`: a canceled request (feature `hyper`) | not processed |
/// | `h2`: `REFUSED_STREAM`, `GOAWAY` that excludes the stream (feature `h2`) | not processed |
/// | `hyper-util`, `reqwest`, `tonic`: a connection that could not be made (features of these names) | not processed |
/// | `TimedOut` of [`io::Error`], tokio's `Elapsed`, timeouts of `reqwest` and `tonic` | timeout |
/// | `tonic::Status` of a server (feature `tonic`) | as [`GrpcStatus`](crate::GrpcStatus) judges its code |
/// | any other | transport |
///
/// "Not processed" is proof: the request can be repeated even if it changes something. An error that leaves the question
/// open, such as a connection that broke after the request was sent, is [`Failure::Transport`].
///
/// # Example
///
/// ```
/// use std::{error::Error, io};
///
/// use battlement_core::{ErrorChain, Failure, Verdict};
///
/// fn unreachable(error: &(dyn Error + 'static)) -> Option<Verdict> {
///     let kind = error.downcast_ref::<io::Error>()?.kind();
///     (kind == io::ErrorKind::HostUnreachable).then_some(Verdict::Failure(Failure::NotProcessed))
/// }
///
/// const ERRORS: ErrorChain = ErrorChain::starting_with(&[unreachable]);
/// let error = io::Error::from(io::ErrorKind::HostUnreachable);
/// assert_eq!(ERRORS.verdict(&error), Verdict::Failure(Failure::NotProcessed));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorChain(&'static [JudgeError]);

/// The functions for the errors that battlement knows.
const KNOWN: &[JudgeError] = &[
    rejection,
    refused,
    #[cfg(feature = "hyper")]
    hyper::not_sent,
    #[cfg(feature = "h2")]
    h2::not_processed,
    #[cfg(feature = "hyper-util")]
    hyper_util::not_connected,
    #[cfg(feature = "tonic")]
    tonic::not_connected,
    #[cfg(feature = "reqwest")]
    reqwest::not_connected,
    timed_out,
    #[cfg(feature = "tonic")]
    tonic::timed_out,
    #[cfg(feature = "reqwest")]
    reqwest::timed_out,
    #[cfg(feature = "tonic")]
    tonic::status,
];

impl ErrorChain {
    /// Creates a chain of `functions`, which precede those for the errors that battlement knows.
    #[must_use]
    pub const fn starting_with(functions: &'static [JudgeError]) -> Self {
        Self(functions)
    }

    /// Returns the verdict on `error`; an unknown error is [`Failure::Transport`].
    #[must_use]
    pub fn verdict(self, error: &(dyn Error + 'static)) -> Verdict {
        let functions = self.0.iter().chain(KNOWN);
        let verdict = { functions }.find_map(|judge| causes(error).find_map(judge));
        verdict.unwrap_or(Verdict::Failure(Failure::Transport))
    }
}

/// Returns whether the client returned the request without sending any of it, because its connection was closing: a
/// canceled request of `hyper`, which is known with the feature `hyper`.
///
/// The service has not refused such a request, so that another attempt is the first that the service sees.
#[must_use]
pub fn was_unsent(error: &(dyn Error + 'static)) -> bool {
    UNSENT.iter().any(|judge| causes(error).any(|error| judge(error).is_some()))
}

/// Returns the code of the first error of a chain that has one.
#[cfg(feature = "http")]
pub(crate) fn grpc_code(error: &(dyn Error + 'static)) -> Option<GrpcCode> {
    GRPC_CODES.iter().find_map(|read| causes(error).find_map(read))
}

#[cfg(feature = "http")]
const GRPC_CODES: &[fn(&(dyn Error + 'static)) -> Option<GrpcCode>] = &[
    #[cfg(feature = "tonic")]
    tonic::code,
];

const UNSENT: &[JudgeError] = &[
    #[cfg(feature = "hyper")]
    hyper::not_sent,
];

fn rejection(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let rejection: &Rejection = error.downcast_ref()?;
    Some(Verdict::Failure(rejection.failure()))
}

fn refused(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let kind = error.downcast_ref::<io::Error>()?.kind();
    (kind == io::ErrorKind::ConnectionRefused).then_some(NOT_PROCESSED)
}

fn timed_out(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let io = error.downcast_ref::<io::Error>();
    let is_timeout = io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut);
    (is_timeout || error.is::<Elapsed>()).then_some(TIMEOUT)
}

const NOT_PROCESSED: Verdict = Verdict::Failure(Failure::NotProcessed);
const TIMEOUT: Verdict = Verdict::Failure(Failure::Timeout);
