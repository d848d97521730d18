use std::task::{Context, Poll};

use battlement_core::Deadline;
use tower_service::Service;

use crate::{Attempt, Budget, History, StopReason, budgets::Budgets, course::Judged};

mod by_policy;
mod form;

pub use self::{
    by_policy::{ByPolicy, Held},
    form::{Form, Unchanged},
};

/// The request that a layer of this kind sends for a `Req`. Implemented by the kinds of this crate.
pub trait Sends<Req> {
    /// The request of the inner service.
    type Sent;
}

/// The request that a layer of the kind `K` sends for a `Req`.
pub(crate) type SentBy<K, Req> = <K as Sends<Req>>::Sent;
/// The response of a service `S` in a layer of the kind `K`.
pub(crate) type Answered<S, K, Req> = <S as Service<SentBy<K, Req>>>::Response;
/// The error of a service `S` in a layer of the kind `K`.
pub(crate) type ServiceError<S, K, Req> = <S as Service<SentBy<K, Req>>>::Error;

/// A kind of call that a layer repeats: with a policy of the user's own, or of HTTP. Implemented by the kinds of this
/// crate.
///
/// The methods are not part of the public interface.
pub trait Repeat<Req, Res, E>: Sends<Req> {
    /// The copy of a request from which further attempts are made.
    type Origin;
    /// The result of an attempt, until it goes back to the caller.
    type Held;
    /// The data about the sender of a request that a rejection depends on.
    type Caller;
    /// The response of the layer's service.
    type Response;
    /// The error of the layer's service.
    type Error;

    /// Converts an error of the service's readiness.
    #[doc(hidden)]
    fn ready_error(error: E) -> Self::Error;

    /// Reads the request before the service takes it.
    #[doc(hidden)]
    fn caller(request: &Req) -> Self::Caller;

    /// Returns the budget of the request.
    #[doc(hidden)]
    fn budget(budgets: &Budgets, request: &Req) -> Option<Budget>;

    /// Copies the request into `origin`, or states there why there is no further attempt.
    // A place to write to, since a long value that is returned is copied.
    #[doc(hidden)]
    fn begin(&self, request: Req, origin: &mut Result<Self::Origin, StopReason>) -> Self::Sent;

    /// Makes the request of a call that is not repeated by a disabled layer.
    #[doc(hidden)]
    fn once(&self, request: Req) -> Self::Sent;

    /// Makes the request of attempt `number`.
    #[doc(hidden)]
    fn again(&self, origin: &Self::Origin, number: u32) -> Result<Self::Sent, StopReason>;

    /// Returns the deadline of the call.
    #[doc(hidden)]
    fn deadline(origin: &Self::Origin) -> Option<Deadline>;

    /// Takes the result of an attempt.
    #[doc(hidden)]
    fn hold(result: Result<Res, E>) -> Self::Held;

    /// Judges the result of an attempt. May wait for the first frame of the response.
    #[doc(hidden)]
    fn poll_judge(
        &self,
        held: &mut Self::Held,
        origin: Result<&Self::Origin, StopReason>,
        attempt: impl FnOnce() -> Attempt,
        is_last: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Judged>;

    /// Reads the rest of a failed response, so that its connection is free, or drops it.
    #[doc(hidden)]
    fn poll_release(held: &mut Self::Held, cx: &mut Context<'_>) -> Poll<()>;

    /// Drops a response that was not read to its end. Returns whether the result is whole, and may go back.
    #[doc(hidden)]
    fn release(held: &mut Self::Held) -> bool;

    /// Describes a failed attempt in a few words.
    #[doc(hidden)]
    fn describe(held: &Self::Held) -> String;

    /// Returns the result to the caller. `history` has a description of each attempt if the error is to name them.
    #[doc(hidden)]
    fn finish(
        held: Self::Held,
        attempts: u32,
        history: Option<History>,
    ) -> Result<Self::Response, Self::Error>;

    /// Creates the result of a call that the throttle rejected; `None` if this kind cannot reject calls.
    #[doc(hidden)]
    fn reject(caller: Self::Caller) -> Option<Result<Self::Response, Self::Error>>;
}
