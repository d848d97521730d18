use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::{StatusCode, request::Parts};

use crate::{CspNonce, SecurityPatch};

/// The rejection of an extractor for a nonce, if no outer layer has a policy with a nonce.
///
/// It responds with 500 and names the fix, since this is an error of the program and not a secret. Use an `Option` of
/// the nonce in a handler that works without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingNonce;

impl fmt::Display for MissingNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the request has no nonce: add `SecurityHeadersLayer` outside the handler, with a policy that has the source \
             'nonce'",
        )
    }
}

impl std::error::Error for MissingNonce {}

impl IntoResponse for MissingNonce {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

/// Extracting the nonce does not generate it.
impl<S: Sync> FromRequestParts<S> for CspNonce {
    type Rejection = MissingNonce;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingNonce> {
        Self::in_extensions(&parts.extensions).ok_or(MissingNonce)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for CspNonce {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(Self::in_extensions(&parts.extensions))
    }
}

/// A handler returns it before its response, as `(patch, Html(page))`.
impl IntoResponseParts for SecurityPatch {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.put_into(parts.extensions_mut());
        Ok(parts)
    }
}
