#[cfg(unix)]
mod unix_peer;

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{Extensions, StatusCode, request::Parts};

use crate::{ClientIp, CorrelationId, RequestFacts, RequestId, Trace, UnknownClient};

/// A fact that a handler asked for and that the request does not have: its layer is missing or stands further in,
/// or could not determine it.
///
/// It answers with 500 and says so, for it is a mistake of the program and no secret. Take an `Option` of the fact where a handler
/// is to work without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFact {
    name: &'static str,
    reason: Option<UnknownClient>,
}

impl MissingFact {
    const fn unset(name: &'static str) -> Self {
        Self { name, reason: None }
    }

    /// Tells a missing layer from one that found no client.
    fn client(extensions: &Extensions) -> Self {
        Self { name: "client", reason: extensions.get().cloned() }
    }
}

impl fmt::Display for MissingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => reason.fmt(f),
            None => write!(f, "no layer has set the request's {}", self.name),
        }
    }
}

impl std::error::Error for MissingFact {}

impl IntoResponse for MissingFact {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

macro_rules! extract {
    ($name:ident, $read:expr, $missing:expr) => {
        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = MissingFact;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingFact> {
                let facts = RequestFacts::in_extensions(&parts.extensions);
                facts.and_then($read).cloned().ok_or_else(|| $missing(&parts.extensions))
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

extract!(ClientIp, RequestFacts::client, MissingFact::client);
extract!(RequestId, RequestFacts::id, |_| MissingFact::unset("id"));
extract!(CorrelationId, RequestFacts::correlation, |_| MissingFact::unset("correlation id"));
extract!(Trace, RequestFacts::trace, |_| MissingFact::unset("trace context"));
