use http::Method;

/// What of the method says whether the answer has a body. (The method itself may be any word, which would
/// have to be copied.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Head,
    Connect,
    Other,
}

impl Asked {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::HEAD => Self::Head,
            Method::CONNECT => Self::Connect,
            _ => Self::Other,
        }
    }

    /// A method that asks the same.
    pub(crate) const fn method(self) -> &'static Method {
        match self {
            Self::Head => &Method::HEAD,
            Self::Connect => &Method::CONNECT,
            Self::Other => &Method::GET,
        }
    }
}
