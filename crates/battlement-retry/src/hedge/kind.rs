use crate::{Repeat, StopReason};

/// A kind of calls of which a [`HedgeLayer`](crate::HedgeLayer) sends copies. Implemented by [`Http`](crate::Http).
///
/// The methods are not part of the public interface.
pub trait HedgeKind<Req, Res, E>: Repeat<Req, Res, E> {
    /// Returns the number of the attempt, if an outer layer repeats the call.
    #[doc(hidden)]
    fn attempt(request: &Req) -> Option<u32>;

    /// Copies the request, unless it must be sent only once.
    #[doc(hidden)]
    fn begin_hedge(&self, request: Req) -> (Self::Sent, Option<Self::Origin>);

    /// Returns why no copy can be sent beside the earlier ones, if none can.
    #[doc(hidden)]
    fn stop(origin: &Self::Origin) -> Option<StopReason>;
}
