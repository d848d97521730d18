use battlement_core::Deadline;

use crate::{Overloaded, call::Call, class::Classes};

/// A kind of calls that a layer admits: those of HTTP, or those of any service. Implemented by the kinds of this crate.
///
/// The methods are not part of the public interface.
pub trait Admit<Req, Res, E> {
    /// An admitted call, with what its end depends on.
    type Call;
    /// The data about the sender of a request that a rejection depends on.
    type Caller;
    /// The response of the layer's service.
    type Response;
    /// The error of the layer's service.
    type Error;

    /// Whether the class is known without a function that the compiler cannot see through.
    #[doc(hidden)]
    const CLASS_IS_INLINE: bool = false;

    /// Converts an error of the service's readiness.
    #[doc(hidden)]
    fn ready_error(error: E) -> Self::Error;

    /// Reads the request before the service takes it, for a rejection.
    #[doc(hidden)]
    fn caller(request: &Req) -> Self::Caller;

    /// Returns whether the request counts.
    #[doc(hidden)]
    fn counts(&self, request: &Req) -> bool;

    /// Returns the class of the request.
    #[doc(hidden)]
    fn class(&self, request: &Req, classes: &Classes) -> usize;

    /// Returns the deadline of the request.
    #[doc(hidden)]
    fn deadline(request: &Req) -> Option<Deadline>;

    /// Adds what the end of the call depends on.
    #[doc(hidden)]
    fn admitted(&self, call: Call) -> Self::Call;

    /// Ends the call, or passes its permit on to the body, and returns the result.
    #[doc(hidden)]
    fn finish(call: &mut Self::Call, result: Result<Res, E>)
    -> Result<Self::Response, Self::Error>;

    /// Creates the result of a call that was rejected.
    #[doc(hidden)]
    fn reject(caller: Self::Caller, error: Overloaded) -> Result<Self::Response, Self::Error>;
}
