use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// An error in one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FieldError {
    pointer: Cow<'static, str>,
    detail: Cow<'static, str>,
}

impl FieldError {
    /// Creates an error of the field at `pointer`.
    pub fn new(
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// Returns the position of the field: a JSON pointer into the request's body (RFC 6901), or the name of a query
    /// parameter after a `/`.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns the description of the error, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}
