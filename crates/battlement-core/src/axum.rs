#[cfg(unix)]
mod unix_peer;

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{Extensions, StatusCode, request::Parts};

use crate::{ClientIp, CorrelationId, RequestFacts, RequestId, Trace, UnknownClient};

/// The rejection of a handler that asks for a fact which the request does not have, because its layer is missing, is
/// further in, or could not determine it.
///
/// It responds with 500 and names the fix, since this is an error of the program and not a secret. Use an `Option` of
/// the fact in a handler that works without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFact {
    fact: &'static str,
    layer: &'static str,
    reason: Option<UnknownClient>,
}

impl MissingFact {
    const fn unset(fact: &'static str, layer: &'static str) -> Self {
        Self { fact, layer, reason: None }
    }

    /// Distinguishes a missing layer from one that could not resolve the client.
    fn client(extensions: &Extensions) -> Self {
        Self {
            reason: extensions.get().cloned(),
            ..Self::unset("client address", "`ClientIpLayer`")
        }
    }
}

impl fmt::Display for MissingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => reason.fmt(f),
            None => write!(
                f,
                "the request has no {}: add {} outside the handler",
                self.fact, self.layer
            ),
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
extract!(RequestId, RequestFacts::id, |_| MissingFact::unset("request id", "`RequestIdLayer`"));
extract!(CorrelationId, RequestFacts::correlation, |_| {
    MissingFact::unset("correlation id", "`RequestIdLayer` with a correlation header")
});
extract!(Trace, RequestFacts::trace, |_| {
    MissingFact::unset("trace context", "`RequestIdLayer` in front of a caller that traces")
});
