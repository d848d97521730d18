use crate::{CircuitOpen, call::Call};

/// A kind of calls that a layer protects: those of HTTP, or those of any service. Implemented by the kinds of this
/// crate.
///
/// The methods are not part of the public interface.
pub trait Protect<Req, Res, E> {
    /// The judgment of one call, with what it needs to know of the request.
    type Judge;
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

    /// Returns the judgment of the call with `request`.
    #[doc(hidden)]
    fn judge(&self, request: &Req) -> Self::Judge;

    /// Judges the result of a call, and passes it on. `call` is `None` if the layer is disabled.
    #[doc(hidden)]
    fn finish(
        judge: &Self::Judge,
        result: Result<Res, E>,
        call: &mut Option<Call>,
    ) -> Result<Self::Response, Self::Error>;

    /// Creates the result of a call that was rejected.
    #[doc(hidden)]
    fn reject(caller: Self::Caller, open: CircuitOpen) -> Result<Self::Response, Self::Error>;
}
