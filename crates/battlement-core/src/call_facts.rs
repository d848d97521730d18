use http::Request;

use crate::{CorrelationId, Ids, RequestFacts, RequestId, Trace, Unread};

/// The facts of a call to another service, copied from the request it is made for.
///
/// An extension of the outgoing request, created by the outermost client layer. Ids and trace are copied, start and
/// route are not: a proxy that passes a request on does not mix the request it received with the one it sends.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    ids: Option<Ids>,
}

impl CallFacts {
    /// Returns the facts of the call `request`: its own if an outer layer created them, else a copy of the facts of
    /// the request it once was (in a proxy), else of the current ones.
    pub fn of<B>(request: &Request<B>) -> Self {
        if let Some(facts) = request.extensions().get::<Self>() {
            return facts.clone();
        }
        RequestFacts::of(request).map_or_else(Self::current, Self::copied)
    }

    /// Returns the facts of a call that is made now, for the current request.
    #[must_use]
    pub fn current() -> Self {
        RequestFacts::current().as_ref().map(Self::copied).unwrap_or_default()
    }

    fn copied(facts: &RequestFacts) -> Self {
        Self { ids: facts.ids().cloned() }
    }

    /// Returns the id of the request that the call is made for.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.ids.as_ref().map(|ids| &ids.id)
    }

    /// Returns the id of the flow that the call belongs to.
    #[must_use]
    pub fn correlation(&self) -> Option<&CorrelationId> {
        self.ids.as_ref()?.correlation.as_ref()
    }

    /// Returns the position of the request in a trace.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.ids.as_ref()?.trace.as_ref()
    }

    /// Returns the headers that a proxied call keeps unchanged; `None` if no layer has decided the ids of the request.
    #[must_use]
    pub fn unread(&self) -> Option<Unread> {
        self.ids.as_ref().map(|ids| ids.unread)
    }
}
