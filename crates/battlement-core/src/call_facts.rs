use http::Request;

use crate::{CorrelationId, Ids, RequestFacts, RequestId, Trace, Unread};

/// What a call to another service carries on from the request it is made for.
///
/// One extension of the outgoing request, made by whichever of our client layers stands outermost. Ids and
/// trace are copied in, start and route are not: a proxy that passes a request on does not mix what it was
/// asked with what it asks.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    ids: Option<Ids>,
}

impl CallFacts {
    /// The facts of a call that `request` is: its own if a layer further out made them, else copied from
    /// the facts of the request it once was (a proxy's), else from the current ones.
    pub fn of<B>(request: &Request<B>) -> Self {
        if let Some(facts) = request.extensions().get::<Self>() {
            return facts.clone();
        }
        RequestFacts::of(request).map_or_else(Self::current, Self::copied)
    }

    /// The facts of a call that is made now, for the request that this code runs for.
    #[must_use]
    pub fn current() -> Self {
        RequestFacts::current().as_ref().map(Self::copied).unwrap_or_default()
    }

    fn copied(facts: &RequestFacts) -> Self {
        Self { ids: facts.ids().cloned() }
    }

    /// The id of the request the call is made for.
    #[must_use]
    pub fn id(&self) -> Option<&RequestId> {
        self.ids.as_ref().map(|ids| &ids.id)
    }

    /// The id of the flow it belongs to.
    #[must_use]
    pub fn correlation(&self) -> Option<&CorrelationId> {
        self.ids.as_ref()?.correlation.as_ref()
    }

    /// Where the request stands in a trace.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.ids.as_ref()?.trace.as_ref()
    }

    /// The headers that a call which passes the request on keeps as they came; `None` where no layer has decided
    /// the ids of a request.
    #[must_use]
    pub fn unread(&self) -> Option<Unread> {
        self.ids.as_ref().map(|ids| ids.unread)
    }
}
