use crate::StoreError;

/// An answer, as far as it is available. `W` is the remaining wait.
#[allow(unnameable_types, reason = "only this crate reads answers this way")]
#[derive(Debug)]
pub enum Available<'a, T, W> {
    /// Borrowed, since an outcome is large: a copy costs as much as the look-up of a key.
    Now(&'a T),
    Failed(StoreError),
    Wait(W),
}

/// The part of an answer that the limiter reads. It seals [`Answer`](crate::Answer): a store cannot bring a type of its
/// own, so the limiter knows all cases.
#[allow(unnameable_types, reason = "it seals a trait")]
pub trait Sealed<T> {
    /// The future of an answer that is not available yet, and the `P` that waits for it. If every answer is available,
    /// the type has no values and no size, which keeps the decision about a request small.
    type Wait<P>;

    /// Returns the answer or, once, the future of it with `pending`.
    fn available<P>(&mut self, pending: impl FnOnce() -> P) -> Available<'_, T, Self::Wait<P>>;
}
