/// The headers of a trusted caller's request that the service does not read.
///
/// A call that forwards the request keeps these headers unchanged. Headers that were read and not accepted, and all
/// headers of an untrusted caller, are removed from such a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The header of a correlation id, if the service has no correlation ids.
    pub correlation: bool,
    /// `traceparent` and `tracestate`, if the service does not read traces.
    pub trace: bool,
}
