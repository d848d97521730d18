use std::{fmt, marker::PhantomData, sync::Arc};

use battlement_core::{Failure, RequestHead};
use bytes::Bytes;
use http::{Request, Response};

use crate::fallback::source::Value;

/// A fallback that is a closure of the head of a request, with a response whose body is a `T`.
pub struct OfHead<C, T> {
    closure: Arc<C>,
    body: PhantomData<fn() -> T>,
}

impl<C, T> OfHead<C, T> {
    pub(super) fn new(closure: C) -> Self {
        Self { closure: Arc::new(closure), body: PhantomData }
    }
}

/// A fallback of HTTP that answers at once. Implemented by the fallbacks of this crate.
///
/// The methods are not part of the public interface.
pub trait Answer {
    /// The part of the request that the fallback reads.
    type Kept;

    /// Copies that part of the request.
    #[doc(hidden)]
    fn keep(head: impl FnOnce() -> Request<()>) -> Self::Kept;

    /// Returns the answer, or `None` if the first failure is to go back.
    #[doc(hidden)]
    fn answer(&self, kept: Self::Kept, failure: Failure) -> Option<Response<Bytes>>;
}

impl Answer for Value<Response<Bytes>> {
    type Kept = ();

    fn keep(_: impl FnOnce() -> Request<()>) {}

    fn answer(&self, (): (), _: Failure) -> Option<Response<Bytes>> {
        Some(Response::clone(&self.0))
    }
}

impl<C, T> Answer for OfHead<C, T>
where
    C: Fn(&RequestHead<'_>, Failure) -> Option<Response<T>>,
    T: Into<Bytes>,
{
    type Kept = Request<()>;

    fn keep(head: impl FnOnce() -> Request<()>) -> Request<()> {
        head()
    }

    fn answer(&self, kept: Request<()>, failure: Failure) -> Option<Response<Bytes>> {
        let response = (self.closure)(&RequestHead::of(&kept), failure)?;
        Some(response.map(Into::into))
    }
}

impl<C, T> Clone for OfHead<C, T> {
    fn clone(&self) -> Self {
        Self { closure: Arc::clone(&self.closure), body: PhantomData }
    }
}

impl<C, T> fmt::Debug for OfHead<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfHead")
    }
}
