use std::{backtrace::Backtrace, borrow::Cow, sync::Arc, time::Duration};

use battlement_core::{GrpcCode, RetryAfter};
use http::{HeaderName, HeaderValue, header};
use serde_json::Value;

use super::{Cause, Problem, RESERVED};
use crate::{BoxError, FieldError};

impl Problem {
    /// Sets the detail, the text for the caller. Default: none.
    #[must_use]
    pub fn detail(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(text.into());
        self
    }

    /// Sets the title, the name of the type for people. Default: the status phrase.
    #[must_use]
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.0.title = Some(title.into());
        self
    }

    /// Sets the URI of the type. Default: `about:blank`, or the code under
    /// [`ProblemLayer::types_at`](crate::ProblemLayer::types_at).
    #[must_use]
    pub fn type_uri(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.0.type_uri = Some(uri.into());
        self
    }

    /// Sets the URI of this occurrence. Default: none; the response has the id of the request in any case.
    #[must_use]
    pub fn instance(mut self, uri: impl Into<Cow<'static, str>>) -> Self {
        self.0.instance = Some(uri.into());
        self
    }

    /// Adds the error of one field. `pointer` is a JSON pointer into the request (RFC 6901), such as
    /// `/items/0/quantity`.
    #[must_use]
    pub fn field(
        mut self,
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.errors.push(FieldError::new(pointer, detail));
        self
    }

    /// Adds the errors of several fields.
    #[must_use]
    pub fn fields(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Adds an extension member (RFC 9457, section 3.2).
    ///
    /// # Panics
    ///
    /// Panics if every problem has a member of that name: `type`, `title`, `status`, `detail`, `instance`, `code`,
    /// `errors` or `request_id`.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        assert!(!RESERVED.contains(&name), "Problem: the member name `{name}` is reserved");
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the response, even if the problem is a bug.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Sets the time after which the caller may retry: sent as `Retry-After`, and to gRPC callers as a pushback.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.headers.insert(header::RETRY_AFTER, RetryAfter(wait).header_value());
        self
    }

    /// Sets the code for gRPC callers. Default: the code with the meaning of the status.
    #[must_use]
    pub fn grpc_code(mut self, code: GrpcCode) -> Self {
        self.0.grpc_code = Some(code);
        self
    }

    /// Sets the cause, which is only logged.
    #[must_use]
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        let source: Arc<_> = source.into().into();
        self.0.cause = Some(Cause { source, backtrace: Arc::new(Backtrace::capture()) });
        self
    }
}
