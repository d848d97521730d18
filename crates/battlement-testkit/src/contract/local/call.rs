use std::{
    cell::Cell,
    convert::Infallible,
    future::{Ready, ready},
    marker::PhantomData,
    rc::Rc,
    task::{Context, Poll},
};

use tower::Service;

/// A service of a [`Local`](crate::contract::Local) for requests of any type.
#[derive(Debug)]
pub struct LocalCall<'a> {
    pub(super) calls: &'a Cell<usize>,
}

impl<'a, Q> Service<Q> for LocalCall<'a> {
    type Response = LocalValue<'a>;
    type Error = Infallible;
    type Future = Ready<Result<LocalValue<'a>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Q) -> Self::Future {
        self.calls.set(self.calls.get() + 1);
        ready(Ok(LocalValue::new()))
    }
}

/// A request or a response that borrows, and is neither `Clone` nor `Send`.
#[derive(Debug)]
pub struct LocalValue<'a>(PhantomData<(&'a (), Rc<()>)>);

impl LocalValue<'_> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}
