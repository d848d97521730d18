use http::{Extensions, Request};

use super::{Deadline, Scope};
use crate::{CallFacts, RequestFacts, current};

impl Deadline {
    /// Returns the deadline of `request`, as a call to another service or else as a request that a server received; or
    /// the [`limit`](Self::limit) on this thread, if that is earlier.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        Scope::current().limited(in_extensions(request.extensions()).flatten())
    }

    /// Returns the deadline of a call whose request has these extensions: as [`of`](Self::of), or if they have no
    /// facts, the [`current`](Self::current) one.
    #[inline]
    #[must_use]
    pub fn of_call(extensions: &Extensions) -> Option<Self> {
        match in_extensions(extensions) {
            Some(deadline) => Scope::current().limited(deadline),
            None => Self::current(),
        }
    }

    /// Returns the deadline of a call with these facts; or the [`limit`](Self::limit) on this thread, if that is earlier.
    #[must_use]
    pub fn of_facts(facts: &CallFacts) -> Option<Self> {
        Scope::current().limited(facts.deadline())
    }
}

/// Returns the deadline in the facts of a call or of a request, if there are any.
#[inline]
fn in_extensions(extensions: &Extensions) -> Option<Option<Deadline>> {
    match extensions.get::<CallFacts>() {
        Some(call) => Some(call.deadline()),
        None => RequestFacts::in_extensions(extensions).map(RequestFacts::deadline),
    }
}

/// Returns the deadline of the request whose future or body is being polled.
pub(super) fn current() -> Option<Deadline> {
    current::peek(RequestFacts::deadline)
}
