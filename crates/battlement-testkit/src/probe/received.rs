use bytes::Bytes;
use http::{HeaderMap, request::Parts};
use http_body::SizeHint;

/// A request as it reached the probe.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// Method, URI, version, headers and extensions.
    pub parts: Parts,
    /// What the body said of its size when it came.
    pub size_hint: SizeHint,
    /// The body, where the reply was one that [reads](crate::probe::Reply::reading) it.
    pub body: RequestBody,
}

/// What the probe knows of a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// Nobody read it, or nobody to the end.
    Unread,
    /// It was read to its end.
    Read {
        /// The bytes of all its frames.
        bytes: Bytes,
        /// The trailers, if it had any.
        trailers: Option<HeaderMap>,
    },
    /// It failed with this error.
    Failed(String),
}
