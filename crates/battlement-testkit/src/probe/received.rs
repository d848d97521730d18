use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use http_body::SizeHint;

/// A request that the probe received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// Method, URI, version, headers and extensions.
    pub parts: Parts,
    /// The size hint of the body on arrival.
    pub size_hint: SizeHint,
    /// The body, if the reply [reads](crate::probe::Reply::read_body) it.
    pub body: RequestBody,
}

/// The body of a received request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// The body was not read, or not to its end.
    Unread,
    /// The body was read to its end.
    Read {
        /// The data of all frames.
        bytes: Bytes,
        /// The trailers, if the body has any.
        trailers: Option<HeaderMap>,
    },
    /// The body failed with this error.
    Failed(String),
}
