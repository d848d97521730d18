use std::{
    cell::LazyCell,
    rc::Rc,
    task::{Context, Poll},
};

use tower::Service;

/// A service that is created by its first request. A limiter of governor calibrates its clock when it is created, which
/// would add to the instructions of all other cases.
#[derive(Clone)]
pub(crate) struct Lazy<S>(Rc<LazyCell<S>>);

impl<S> Lazy<S> {
    pub(crate) fn new(make: fn() -> S) -> Self {
        Self(Rc::new(LazyCell::new(make)))
    }
}

impl<S, R> Service<R> for Lazy<S>
where
    S: Service<R> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> S::Future {
        S::clone(&self.0).call(request)
    }
}
