use http::Request;

use super::{Deadline, Scope};
use crate::{CallFacts, RequestFacts, current};

impl Deadline {
    /// Returns the deadline of `request`, as a call to another service or else as a request that a server received; or
    /// the [`limit`](Self::limit) on this thread, if that is earlier.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        Scope::current().limited(match request.extensions().get::<CallFacts>() {
            Some(call) => call.deadline(),
            None => RequestFacts::of(request).and_then(RequestFacts::deadline),
        })
    }
}

/// Returns the deadline of the request whose future or body is being polled.
pub(super) fn current() -> Option<Deadline> {
    current::peek(RequestFacts::deadline)
}
