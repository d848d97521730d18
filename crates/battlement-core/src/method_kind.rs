use http::Method;

/// What of a request's method says whether its answer has a body.
///
/// For layers to keep until the answer is there: the method itself may be any word, and would have to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MethodKind {
    /// The answer has none.
    Head,
    /// If it succeeds, a tunnel takes its place.
    Connect,
    /// It may have one.
    Other,
}

impl MethodKind {
    /// The kind of `method`.
    #[must_use]
    #[inline]
    pub const fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }
}
