mod call;

use std::{
    cell::Cell,
    convert::Infallible,
    future::{Ready, poll_fn, ready},
    marker::PhantomData,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tower::Service;

pub use self::call::{LocalCall, LocalValue};
use crate::probe::{ProbeBody, ProbeError};

/// A source of services without the bounds that immediate work does not need: they are neither `Clone` nor `Send`,
/// and borrow from the `Local`.
///
/// # Example
///
/// The main test is that this compiles:
///
/// ```
/// use battlement_testkit::contract::Local;
/// use tower::{Layer, layer::util::Identity};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let local = Local::new();
/// let response = local.serve(Identity::new().layer(local.service())).await.unwrap();
/// assert_eq!(response.status(), 200);
/// assert_eq!(local.calls(), 1);
/// # }
/// ```
///
/// A layer with unnecessary bounds does not compile:
///
/// ```compile_fail,E0277
/// use battlement_testkit::contract::Local;
/// use tower::{Layer, util::BoxCloneServiceLayer};
///
/// # async fn test() {
/// let local = Local::new();
/// let layer = BoxCloneServiceLayer::new(tower::layer::util::Identity::new());
/// local.serve(layer.layer(local.service())).await.unwrap();
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Local {
    calls: Cell<usize>,
}

impl Local {
    /// Creates a `Local` without calls.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a service that borrows from this value, is always ready, and responds with a 200 and an empty body.
    pub const fn service(&self) -> LocalService<'_> {
        LocalService { calls: &self.calls }
    }

    /// Returns a service of any request, which is always ready.
    pub const fn call_service(&self) -> LocalCall<'_> {
        LocalCall { calls: &self.calls }
    }

    /// Returns the number of calls of all services.
    #[must_use]
    pub const fn calls(&self) -> usize {
        self.calls.get()
    }

    /// Calls `service` once, on this thread.
    ///
    /// # Errors
    ///
    /// Returns the error of the service.
    pub async fn serve<'a, S>(&'a self, mut service: S) -> Result<S::Response, S::Error>
    where
        S: Service<Request<LocalBody<'a>>>,
    {
        poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(Request::new(LocalBody::new())).await
    }

    /// Calls `service` once, on this thread, with a request that borrows and is not `Send`.
    ///
    /// # Errors
    ///
    /// Returns the error of the service.
    pub async fn call<'a, S>(&'a self, mut service: S) -> Result<S::Response, S::Error>
    where
        S: Service<LocalValue<'a>>,
    {
        poll_fn(|cx| service.poll_ready(cx)).await?;
        service.call(LocalValue::new()).await
    }
}

/// An HTTP service of a [`Local`].
#[derive(Debug)]
pub struct LocalService<'a> {
    calls: &'a Cell<usize>,
}

impl<'a, B> Service<Request<B>> for LocalService<'a> {
    type Response = Response<LocalBody<'a>>;
    type Error = Infallible;
    type Future = LocalFuture<'a>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> LocalFuture<'a> {
        self.calls.set(self.calls.get() + 1);
        LocalFuture(ready(Ok(Response::new(LocalBody::new()))))
    }
}

/// The future of a [`LocalService`], which is not `Send`.
#[derive(Debug)]
pub struct LocalFuture<'a>(Ready<Result<Response<LocalBody<'a>>, Infallible>>);

impl<'a> Future for LocalFuture<'a> {
    type Output = Result<Response<LocalBody<'a>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// An empty body that borrows and is not `Send`.
#[derive(Debug)]
pub struct LocalBody<'a> {
    empty: ProbeBody,
    borrows: PhantomData<(&'a (), Rc<()>)>,
}

impl LocalBody<'_> {
    fn new() -> Self {
        Self { empty: ProbeBody::empty(), borrows: PhantomData }
    }
}

impl Body for LocalBody<'_> {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.empty).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.empty.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.empty.size_hint()
    }
}
