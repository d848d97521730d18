use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::Failure;
use tower_service::Service;

use super::outcome::FallbackOutcome;

/// The request that a layer of this kind sends for a `Req`. Implemented by the kinds of this crate.
pub trait Sends<Req> {
    /// The request of the inner service.
    type Sent;
}

/// The request that a layer of the kind `K` sends for a `Req`.
pub(super) type SentBy<K, Req> = <K as Sends<Req>>::Sent;
/// The response of a service `S` in a layer of the kind `K`.
pub(super) type Answered<S, K, Req> = <S as Service<SentBy<K, Req>>>::Response;
/// The error of a service `S` in a layer of the kind `K`.
pub(super) type ServiceError<S, K, Req> = <S as Service<SentBy<K, Req>>>::Error;

/// A kind of calls that fall back: those of HTTP, or those of any service. Implemented by the kinds of this crate.
///
/// The methods are not part of the public interface.
pub trait FallBack<Req, Res, E>: Sends<Req> {
    /// The part of a request that the fallback needs.
    type Kept;
    /// The call of a service that is the fallback.
    type Running;
    /// The response of the layer's service.
    type Response;
    /// The error of the layer's service.
    type Error;

    /// Converts an error of the service.
    #[doc(hidden)]
    fn error(error: E) -> Self::Error;

    /// Converts a response of the service.
    #[doc(hidden)]
    fn response(response: Res) -> Self::Response;

    /// Copies the part of the request that the fallback needs into `kept`, or leaves it empty if that is not possible.
    // A place to write to, since a long value that is returned is copied.
    #[doc(hidden)]
    fn begin(&self, request: Req, kept: &mut Option<Self::Kept>) -> Self::Sent;

    /// Makes the request of a call of a disabled layer.
    #[doc(hidden)]
    fn once(&self, request: Req) -> Self::Sent;

    /// Returns the failure of a call that failed.
    #[doc(hidden)]
    fn failure(&self, result: Result<&Res, &Self::Error>) -> Option<Failure>;

    /// Starts the fallback.
    #[doc(hidden)]
    fn start(&self, kept: Self::Kept, failure: Failure) -> Started<Self::Response, Self::Running>;

    /// Polls the call of a service that is the fallback. Its result is `None` if it failed.
    #[doc(hidden)]
    fn poll_running(
        &self,
        running: Pin<&mut Self::Running>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Self::Response>>;

    /// Marks the response of the fallback.
    #[doc(hidden)]
    fn mark(&self, response: &mut Self::Response, failure: Failure) {
        let _ = (response, failure);
    }
}

/// A fallback that has begun.
#[derive(Debug)]
pub enum Started<R, F> {
    /// The response, or the reason why there is none.
    Done(Result<R, FallbackOutcome>),
    /// The call of another service.
    Running(F),
}

impl<R, F> Started<R, F> {
    pub(super) fn of(response: Option<R>) -> Self {
        Self::Done(response.ok_or(FallbackOutcome::Failed))
    }
}
