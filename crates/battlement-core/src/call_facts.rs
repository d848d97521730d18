use http::{Extensions, Request};

use crate::{CorrelationId, Deadline, Ids, RequestFacts, RequestId, Trace, Unread};

/// The facts of a call to another service, copied from the request it is made for.
///
/// An extension of the outgoing request, created by the outermost client layer. It has the ids, the trace and a copy of
/// the deadline, and neither start nor route: a proxy that passes a request on does not mix the request it received
/// with the one it sends. A layer that limits or repeats an attempt inserts a changed copy, which does not change the
/// facts of the whole call.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    /// The facts of the request, of which the call has the ids. Shared, since ids are long to copy.
    request: Option<RequestFacts>,
    deadline: Option<Deadline>,
    /// Zero unless a layer repeats the call.
    attempt: u32,
}

impl CallFacts {
    /// Returns the facts of the call `request`: its own if an outer layer created them, else (in a proxy) a copy of
    /// the facts of the received request, else a copy of the current facts.
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::in_extensions(request.extensions())
    }

    /// Returns the facts of the call whose request has these extensions; see [`of`](Self::of).
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Self {
        if let Some(facts) = extensions.get::<Self>() {
            return facts.clone();
        }
        RequestFacts::in_extensions(extensions).map_or_else(Self::current, Self::copied)
    }

    /// Returns the facts of a call that is made now, for the current request.
    #[must_use]
    pub fn current() -> Self {
        Self { request: RequestFacts::current(), deadline: Deadline::current(), attempt: 0 }
    }

    fn copied(facts: &RequestFacts) -> Self {
        Self { request: Some(facts.clone()), deadline: facts.deadline(), attempt: 0 }
    }

    fn ids(&self) -> Option<&Ids> {
        self.request.as_ref()?.ids()
    }

    /// Returns the id of the request that the call is made for.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.ids().map(|ids| &ids.id)
    }

    /// Returns the id of the flow that the call belongs to.
    #[must_use]
    pub fn correlation(&self) -> Option<&CorrelationId> {
        self.ids()?.correlation.as_ref()
    }

    /// Returns the position of the request in a trace.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.ids()?.trace.as_ref()
    }

    /// Returns the headers that a proxied call keeps unchanged; `None` if no layer has decided the ids of the request.
    #[must_use]
    pub fn unread(&self) -> Option<Unread> {
        self.ids().map(|ids| ids.unread)
    }

    /// Returns the deadline of the call, which does not move.
    #[must_use]
    pub const fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Sets the deadline of the call; `None` detaches it from the deadline of the request.
    pub const fn set_deadline(&mut self, deadline: Option<Deadline>) {
        self.deadline = deadline;
    }

    /// Returns the number of this attempt at the call, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        if self.attempt == 0 { 1 } else { self.attempt }
    }

    /// Returns whether an outer layer numbers the attempts, and so repeats the call itself.
    #[must_use]
    pub const fn is_attempt(&self) -> bool {
        self.attempt > 0
    }

    /// Sets the number of the attempt, from 1. Called by a layer that repeats the call, also for the first attempt.
    pub const fn set_attempt(&mut self, attempt: u32) {
        self.attempt = attempt;
    }
}
