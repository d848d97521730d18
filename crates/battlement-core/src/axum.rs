#[cfg(unix)]
mod unix_peer;

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};

use crate::{ClientIp, CorrelationId, RequestFacts, RequestId, Trace};

/// A handler asked for a fact that no layer has set: the layer is missing, or stands further in.
///
/// It answers with 500 and says so, for it is a mistake of the program and no secret. Take an `Option` of the fact where a handler
/// is to work without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingFact(&'static str);

impl fmt::Display for MissingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no layer has set the request's {}", self.0)
    }
}

impl std::error::Error for MissingFact {}

impl IntoResponse for MissingFact {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

macro_rules! extract {
    ($name:ident, $what:literal, $read:expr) => {
        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = MissingFact;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFact> {
                let facts = RequestFacts::in_extensions(&parts.extensions);
                facts.and_then($read).cloned().ok_or(MissingFact($what))
            }
        }

        impl<S: Sync> OptionalFromRequestParts<S> for $name {
            type Rejection = Infallible;

            async fn from_request_parts(
                parts: &mut Parts,
                _: &S,
            ) -> Result<Option<Self>, Infallible> {
                let facts = RequestFacts::in_extensions(&parts.extensions);
                Ok(facts.and_then($read).cloned())
            }
        }
    };
}

extract!(ClientIp, "client", RequestFacts::client);
extract!(RequestId, "id", RequestFacts::id);
extract!(CorrelationId, "correlation id", RequestFacts::correlation);
extract!(Trace, "trace context", RequestFacts::trace);
