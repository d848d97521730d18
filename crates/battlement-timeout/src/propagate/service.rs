use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{CallFacts, Deadline, DefaultReject, GrpcCode, Reject, RequestFacts, Wire};
use http::{Extensions, HeaderMap, Request, Response};
use tower_service::Service;

use super::{
    config::Config,
    future::PropagateDeadlineFuture,
    layer::PropagateDeadlineLayer,
    stated::{Stated, insert_new},
};
use crate::Elapsed;

#[cfg(feature = "reqwest")]
mod reqwest;

/// A service that sends the time that is left for the current request with its calls, created by
/// [`PropagateDeadlineLayer`].
pub struct PropagateDeadline<S, A = DefaultReject> {
    inner: S,
    layer: PropagateDeadlineLayer<A>,
}

impl<S, A> PropagateDeadline<S, A> {
    pub(super) const fn new(inner: S, layer: PropagateDeadlineLayer<A>) -> Self {
        Self { inner, layer }
    }

    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

/// Returns whether the request is one that the server received, and passes on.
fn is_proxied(extensions: &Extensions) -> bool {
    RequestFacts::in_extensions(extensions).is_some()
}

/// Returns whether a proxied request was detached from its deadline, which the header of its caller still states.
fn is_detached(extensions: &Extensions) -> bool {
    let of_request = RequestFacts::in_extensions(extensions).and_then(RequestFacts::deadline);
    of_request.is_some() && extensions.get::<CallFacts>().is_some()
}

/// States the time that is left for a call, if it has a deadline and the layer is enabled.
#[inline(always)]
fn state<B>(
    config: &Arc<Config>,
    wire: Wire,
    request: &mut Request<B>,
) -> Result<Option<Stated>, Box<Elapsed>> {
    if !config.enabled {
        return Ok(None);
    }
    let Some(deadline) = Deadline::of_call(request.extensions()) else {
        if is_detached(request.extensions()) {
            request.headers_mut().remove(config.name(wire));
        }
        return Ok(None);
    };
    let (mut stated, value) = config.stated(wire, deadline)?;
    if let Some(value) = insert_new(request.headers_mut(), config.name(wire), value) {
        let is_proxied = is_proxied(request.extensions());
        if is_proxied || !stated.is_above(config.own(wire, request.headers())) {
            request.headers_mut().insert(config.name(wire), value);
        }
    }
    Ok(Some(stated))
}

/// Returns whether the head of a response ends its call with CANCELLED.
fn has_cancelled(headers: &HeaderMap) -> bool {
    GrpcCode::from_headers(headers) == Some(GrpcCode::Cancelled)
}

fn is_cancelled<B>(response: &Response<B>) -> bool {
    has_cancelled(response.headers())
}

impl<S, A, B, RB> Service<Request<B>> for PropagateDeadline<S, A>
where
    S: Service<Request<B>, Response = Response<RB>>,
    A: Reject<Request<B>, Response<RB>, S::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = PropagateDeadlineFuture<S, Request<B>, A>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let config = &self.layer.config;
        let caller = A::late_caller(&request);
        let wire = Wire::of_request(request.method(), request.headers());
        let stated = match state(config, wire, &mut request) {
            Ok(stated) => stated,
            Err(elapsed) => return PropagateDeadlineFuture::rejected(elapsed, caller),
        };
        let is_cancelled = wire.is_grpc().then_some(is_cancelled as fn(&_) -> bool);
        PropagateDeadlineFuture::called(self.inner.call(request), stated, is_cancelled, caller)
    }
}

impl<S: Clone, A> Clone for PropagateDeadline<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A> fmt::Debug for PropagateDeadline<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropagateDeadline").field("inner", &self.inner).finish_non_exhaustive()
    }
}
