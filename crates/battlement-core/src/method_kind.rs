use http::Method;

/// The kind of a request method, which decides whether its response has a body.
///
/// Layers store it until the response arrives. The method itself may be any token, and would have to be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MethodKind {
    /// The response has no body.
    Head,
    /// A successful response is a tunnel.
    Connect,
    /// The response may have a body.
    Other,
}

impl MethodKind {
    /// Returns the kind of `method`.
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
