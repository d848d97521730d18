#[cfg(unix)]
mod unix_peer;

use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{Extensions, StatusCode, request::Parts};

use crate::{ClientIp, CorrelationId, Phases, RequestFacts, RequestId, Trace, UnknownClient};

/// The rejection of an extractor whose fact the request does not have, because the layer for it is missing, is further
/// in, or could not determine it.
///
/// It responds with 500 and names the fix, since this is an error of the program and not a secret. Use an `Option` of
/// the fact in a handler that works without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingFact {
    fact: &'static str,
    fix: &'static str,
    reason: Option<UnknownClient>,
}

impl MissingFact {
    const fn unset(fact: &'static str, fix: &'static str) -> Self {
        Self { fact, fix, reason: None }
    }

    /// Distinguishes a missing layer from one that could not resolve the client.
    fn client(extensions: &Extensions) -> Self {
        Self {
            reason: extensions.get().cloned(),
            ..Self::unset("client address", "add `ClientIpLayer` outside the handler")
        }
    }
}

impl fmt::Display for MissingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => reason.fmt(f),
            None => write!(f, "the request has no {}: {}", self.fact, self.fix),
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
                facts
                    .and_then(|facts| $read(facts).map(|fact| fact.to_owned()))
                    .ok_or_else(|| $missing(&parts.extensions))
            }
        }

        impl<S: Sync> OptionalFromRequestParts<S> for $name {
            type Rejection = Infallible;

            async fn from_request_parts(
                parts: &mut Parts,
                _: &S,
            ) -> Result<Option<Self>, Infallible> {
                let facts = RequestFacts::in_extensions(&parts.extensions);
                Ok(facts.and_then(|facts| $read(facts).map(|fact| fact.to_owned())))
            }
        }
    };
}

extract!(ClientIp, RequestFacts::client, MissingFact::client);
extract!(RequestId, RequestFacts::id, |_| {
    MissingFact::unset("request id", "add `RequestIdLayer` outside the handler")
});
extract!(CorrelationId, RequestFacts::correlation, |_| {
    MissingFact::unset(
        "correlation id",
        "add `RequestIdLayer` with `correlation(..)` outside the handler",
    )
});
extract!(Phases, RequestFacts::phases, |_| {
    MissingFact::unset("phases of a shutdown", "add the layer of a `Shutdown` outside the handler")
});
extract!(Trace, RequestFacts::trace, |_| {
    MissingFact::unset(
        "trace context",
        "add `RequestIdLayer` outside the handler, with `TraceContext::Own` to begin a trace if the caller sends none",
    )
});

#[cfg(test)]
mod tests {
    use axum::{Router, body::to_bytes, routing::get};
    use http::Request;
    use tower::ServiceExt as _;

    use super::*;

    /// Returns the status and the text of the response of a handler without layers.
    async fn response(path: &str) -> (u16, String) {
        let router = Router::new()
            .route("/client", get(async |_: ClientIp| "client"))
            .route("/id", get(async |_: RequestId| "id"))
            .route("/correlation", get(async |_: CorrelationId| "correlation"))
            .route("/phases", get(async |_: Phases| "phases"))
            .route("/trace", get(async |_: Trace| "trace"))
            .route(
                "/optional",
                get(async |id: Option<RequestId>, client: Option<ClientIp>| {
                    assert_eq!((id, client.is_none()), (None, true));
                    "optional"
                }),
            );
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_extractor_without_its_layer_names_the_layer_to_add() {
        for (path, text) in [
            (
                "/client",
                "the request has no client address: add `ClientIpLayer` outside the handler",
            ),
            ("/id", "the request has no request id: add `RequestIdLayer` outside the handler"),
            (
                "/correlation",
                "the request has no correlation id: add `RequestIdLayer` with `correlation(..)` outside the handler",
            ),
            (
                "/phases",
                "the request has no phases of a shutdown: add the layer of a `Shutdown` outside the handler",
            ),
            (
                "/trace",
                "the request has no trace context: add `RequestIdLayer` outside the handler, with `TraceContext::Own` \
                 to begin a trace if the caller sends none",
            ),
        ] {
            assert_eq!(response(path).await, (500, text.to_owned()), "{path}");
        }
    }

    #[tokio::test]
    async fn an_optional_extractor_without_its_layer_is_none() {
        assert_eq!(response("/optional").await, (200, "optional".to_owned()));
    }
}
