use std::{fmt, marker::PhantomData, sync::Arc};

use battlement_core::Failure;

/// A fallback that is a value, which is cloned for each call that it answers.
pub struct Value<T>(pub(super) Arc<T>);

/// A fallback that is a closure of the request.
pub struct OfRequest<C>(pub(super) Arc<C>);

/// A fallback that answers at once: a [`Value`], or a closure.
#[derive(Clone, Debug)]
pub struct AtOnce<F>(pub(super) F);

/// A fallback that is another service.
///
/// `W` is the type of the request bodies that are sent.
pub struct ToService<F, W> {
    pub(super) service: F,
    body: PhantomData<fn() -> W>,
}

impl<F, W> ToService<F, W> {
    pub(super) const fn new(service: F) -> Self {
        Self { service, body: PhantomData }
    }
}

/// A fallback that answers at once. Implemented by the fallbacks of this crate.
///
/// The methods are not part of the public interface.
pub trait Respond<Req, T> {
    /// The part of the request that the fallback reads.
    type Kept;

    /// Copies that part of the request.
    #[doc(hidden)]
    fn keep(request: &Req) -> Self::Kept;

    /// Returns the answer, or `None` if the first failure is to go back.
    #[doc(hidden)]
    fn respond(&self, kept: Self::Kept, failure: Failure) -> Option<T>;
}

impl<Req, T: Clone> Respond<Req, T> for Value<T> {
    type Kept = ();

    fn keep(_: &Req) {}

    fn respond(&self, (): (), _: Failure) -> Option<T> {
        Some(T::clone(&self.0))
    }
}

impl<C, Req, T> Respond<Req, T> for OfRequest<C>
where
    Req: Clone,
    C: Fn(&Req, Failure) -> Option<T>,
{
    type Kept = Req;

    fn keep(request: &Req) -> Req {
        request.clone()
    }

    fn respond(&self, kept: Req, failure: Failure) -> Option<T> {
        (self.0)(&kept, failure)
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> Clone for OfRequest<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Clone, W> Clone for ToService<F, W> {
    fn clone(&self) -> Self {
        Self::new(self.service.clone())
    }
}

impl<T> fmt::Debug for Value<T> {
    // A response may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value")
    }
}

impl<C> fmt::Debug for OfRequest<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfRequest")
    }
}

impl<F: fmt::Debug, W> fmt::Debug for ToService<F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToService").field(&self.service).finish()
    }
}
