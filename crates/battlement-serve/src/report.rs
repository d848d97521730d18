/// The result of a server that has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The number of connections that were served.
    pub served: u64,
    /// The number of HTTP/1 connections that were aborted.
    pub aborted_http1: u64,
    /// The number of HTTP/2 connections that were aborted.
    pub aborted_http2: u64,
    /// The number of connections that were aborted before their protocol was known.
    pub aborted_unknown: u64,
}

impl Report {
    /// Returns the number of all connections that were aborted.
    #[must_use]
    pub const fn aborted(&self) -> u64 {
        self.aborted_http1 + self.aborted_http2 + self.aborted_unknown
    }
}
