/// The headers of a request that its service does not read, from a caller that it trusts.
///
/// A call that passes the request on keeps them as they came. Headers that were read and not accepted, and all
/// from a caller that is not trusted, are removed from such a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The header of a correlation id, where the service keeps none.
    pub correlation: bool,
    /// `traceparent` and `tracestate`, where the service does not look at traces.
    pub trace: bool,
}
