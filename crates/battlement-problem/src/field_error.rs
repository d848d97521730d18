use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An error in one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct FieldError {
    /// The position of the field: a JSON pointer into the request's body (RFC 6901), or the name of a query parameter
    /// after a `/`.
    pub pointer: Cow<'static, str>,
    /// A description of the error, for people.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// Creates an error of the field at `pointer`.
    pub fn new(
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
