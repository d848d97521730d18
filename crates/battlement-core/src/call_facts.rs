use http::Request;

use crate::{CorrelationId, RequestFacts, RequestId, Trace};

/// What a call to another service carries on from the request it is made for.
///
/// One extension of the outgoing request, made by whichever of our client layers stands outermost. Ids and
/// trace are copied in, start and route are not: a proxy that passes a request on does not mix what it was
/// asked with what it asks.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    id: Option<RequestId>,
    correlation: Option<CorrelationId>,
    trace: Option<Trace>,
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
        Self {
            id: facts.id().cloned(),
            correlation: facts.correlation().cloned(),
            trace: facts.trace().cloned(),
        }
    }

    /// The id of the request the call is made for.
    #[must_use]
    pub const fn id(&self) -> Option<&RequestId> {
        self.id.as_ref()
    }

    /// The id of the flow it belongs to.
    #[must_use]
    pub const fn correlation(&self) -> Option<&CorrelationId> {
        self.correlation.as_ref()
    }

    /// Where the request stands in a trace.
    #[must_use]
    pub const fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }
}
