use crate::{CircuitOpen, call::Call};

/// A kind of calls that a layer protects: those of HTTP, or those of any service. Implemented by the kinds of this
/// crate.
///
/// The methods are not part of the public interface.
pub trait Protect<Req, Res, E> {
    /// An admitted call with its judgment, and with what that needs to know of the request.
    type Call;
    /// The data about the sender of a request that a rejection depends on.
    type Caller;
    /// The response of the layer's service.
    type Response;
    /// The error of the layer's service.
    type Error;

    /// Converts an error of the service's readiness.
    #[doc(hidden)]
    fn ready_error(error: E) -> Self::Error;

    /// Reads the request before the service takes it, for a rejection.
    #[doc(hidden)]
    fn caller(request: &Req) -> Self::Caller;

    /// Runs `work` with the key of the request.
    #[doc(hidden)]
    fn with_key<R>(&self, request: &Req, work: impl FnOnce(Option<&str>) -> R) -> R;

    /// Adds the judgment to the call with `request`.
    #[doc(hidden)]
    fn judged(&self, request: &Req, call: Call) -> Self::Call;

    /// Notes that a call was pending.
    #[doc(hidden)]
    fn pending(call: &mut Self::Call);

    /// Judges the result of a call, and passes it on. `call` is `None` if the layer is disabled.
    #[doc(hidden)]
    fn finish(
        call: &mut Option<Self::Call>,
        result: Result<Res, E>,
    ) -> Result<Self::Response, Self::Error>;

    /// Creates the result of a call that was rejected.
    #[doc(hidden)]
    fn reject(caller: Self::Caller, open: CircuitOpen) -> Result<Self::Response, Self::Error>;
}
