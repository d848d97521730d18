use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{Deadline, Reject, Wire};
use reqwest::{Request, Response};
use tower_service::Service;

use super::{PropagateDeadline, has_cancelled};
use crate::{
    Elapsed, PropagateDeadlineFuture,
    propagate::{
        config::Config,
        stated::{Stated, insert_new},
    },
};

/// States the time that is left for a call. Requests of reqwest have no facts, so the current deadline applies.
fn state(
    config: &Arc<Config>,
    wire: Wire,
    request: &mut Request,
) -> Result<Option<Stated>, Box<Elapsed>> {
    let current = Deadline::current().filter(|_| config.enabled);
    let Some(deadline) = current else { return Ok(None) };
    let (mut stated, value) = config.stated(wire, deadline)?;
    let headers = request.headers_mut();
    if let Some(value) = insert_new(headers, config.name(wire), value)
        && !stated.is_above(config.own(wire, headers))
    {
        headers.insert(config.name(wire), value);
    }
    Ok(Some(stated))
}

fn is_cancelled(response: &Response) -> bool {
    has_cancelled(response.headers())
}

impl<S, A> Service<Request> for PropagateDeadline<S, A>
where
    S: Service<Request, Response = Response>,
    A: Reject<Request, Response, S::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = PropagateDeadlineFuture<S, Request, A>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
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
