use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{
    BoxError, ResponseBody, ResponseFuture,
    call_context::CallContext,
    catch::{boxed, catch, panicked},
    config::Config,
    request_context::RequestContext,
};

/// A service that turns errors and panics into responses, created by [`ProblemLayer`](crate::ProblemLayer).
#[derive(Debug)]
pub struct ProblemService<S> {
    inner: S,
    config: Arc<Config>,
    // The error of `poll_ready`, for the next call. Boxed twice, so that it takes one word: services are moved with
    // each request.
    failed: Option<Box<BoxError>>,
}

impl<S> ProblemService<S> {
    pub(crate) const fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config, failed: None }
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

/// A clone starts unpolled, without the error of the original.
impl<S: Clone> Clone for ProblemService<S> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.config))
    }
}

impl<S, B, RB> Service<Request<B>> for ProblemService<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    S::Error: Into<BoxError>,
    RB: Body<Data: From<Bytes>, Error: Into<BoxError>>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = Infallible;
    type Future = ResponseFuture<S::Future, RB>;

    /// Returns no error: if the service fails here, the next call responds with its error.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx).map(|ready| {
            if let Err(error) = ready {
                self.failed = Some(Box::new(boxed(error)));
            }
            Ok(())
        })
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let context =
            CallContext { request: RequestContext::of(&request), config: Arc::clone(&self.config) };
        if self.failed.is_some() || !context.config.enabled {
            return self.call_fallback(context, request);
        }
        // Moved out inside the closure: a closure that owned the request would copy it.
        let mut request = Some(request);
        match catch(|| self.inner.call(request.take().expect("request taken once"))) {
            Ok(future) => ResponseFuture::calling(context, future),
            Err(caught) => ResponseFuture::failed(context, panicked(caught).into()),
        }
    }
}

impl<S> ProblemService<S> {
    /// Handles the calls that do not reach the service, or whose panics are not caught.
    #[cold]
    fn call_fallback<B, RB>(
        &mut self,
        context: CallContext,
        request: Request<B>,
    ) -> ResponseFuture<S::Future, RB>
    where
        S: Service<Request<B>, Response = Response<RB>>,
    {
        match self.failed.take() {
            Some(error) => {
                context.reporter().drop(request);
                ResponseFuture::failed(context, *error)
            }
            None => ResponseFuture::calling(context, self.inner.call(request)),
        }
    }
}
