use std::{convert::Infallible, fmt};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, IntoResponseParts, Response, ResponseParts},
};
use http::{StatusCode, request::Parts};

use crate::{CspNonce, SecurityPatch};

/// A handler asked for a nonce where no layer with a policy that takes one stands around it.
///
/// It answers with 500, for it is a mistake of the program. Take an `Option` of the nonce where a handler
/// is to work without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingNonce;

impl fmt::Display for MissingNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no layer around this handler has a policy with a nonce")
    }
}

impl std::error::Error for MissingNonce {}

impl IntoResponse for MissingNonce {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Taking it out of the request does not read it.
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

/// A handler returns it before its answer, as `(patch, Html(page))`.
impl IntoResponseParts for SecurityPatch {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        self.put_into(parts.extensions_mut());
        Ok(parts)
    }
}
