use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where it stands: a JSON pointer into the request's body (RFC 6901), or the name of a query
    /// parameter after a `/`.
    pub pointer: Cow<'static, str>,
    /// What is wrong with it, for people.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// Says `detail` of the field at `pointer`.
    pub fn new(
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
