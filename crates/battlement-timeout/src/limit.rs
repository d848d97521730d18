use std::{fmt, time::Duration};

/// A time limit for calls with requests of type `Req`.
///
/// Implemented by [`Fixed`] and by [`By`]. `None` means no limit.
pub trait Limit<Req> {
    /// Returns the limit of the call with `request`.
    fn limit(&self, request: &Req) -> Option<Duration>;
}

/// The same limit for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fixed(pub Option<Duration>);

/// A limit that a closure chooses for each call.
#[derive(Clone, Copy)]
pub struct By<F>(pub F);

impl<Req> Limit<Req> for Fixed {
    #[inline]
    fn limit(&self, _: &Req) -> Option<Duration> {
        self.0
    }
}

impl<Req, F: Fn(&Req) -> Option<Duration>> Limit<Req> for By<F> {
    fn limit(&self, request: &Req) -> Option<Duration> {
        self.0(request)
    }
}

impl<F> fmt::Debug for By<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("By(..)")
    }
}
