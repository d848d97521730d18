use std::{backtrace::Backtrace, borrow::Cow, error::Error, fmt, sync::Arc};

use battlement_core::{GrpcCode, Rejection, RetryAfter};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response::Parts};
use serde_json::{Map, Value};

use crate::{BoxError, Document, FieldError, existing::is_error, grpc};

mod build;
mod from_error;
mod read;
mod status_code;

pub(crate) use self::from_error::Carried;

/// The member names that every problem uses, and that extensions must not have.
pub(crate) const RESERVED: [&str; 8] =
    ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"];

/// An error for the caller (RFC 9457), with a private cause.
///
/// # Two kinds
///
/// A problem from [`Problem::new`] is *operational*: the caller sees the text that it was given. A problem from an
/// error by `?`, or from [`Problem::bug`], is a *bug*: the caller sees a fixed text and the id of the request. Of the
/// other settings of a bug, only the headers are sent.
///
/// Neither shows its source to the caller. The source is for the log, for [`ProblemLayer::on_bug`], and for callers
/// only under [`Expose::Causes`].
///
/// The type does not implement [`std::error::Error`], so that every error converts into it by `?`. It converts into a
/// [`BoxError`], from which the layer retrieves it.
///
/// # Example
///
/// ```
/// use battlement_problem::Problem;
/// use http::StatusCode;
///
/// fn reserve(left: u32, wanted: &str) -> Result<u32, Problem> {
///     let wanted: u32 = wanted.parse()?;
///     left.checked_sub(wanted).ok_or_else(|| {
///         Problem::new(StatusCode::CONFLICT, "out_of_stock")
///             .detail(format!("only {left} left"))
///             .member("left", left)
///     })
/// }
///
/// let operational = reserve(3, "4").unwrap_err();
/// assert_eq!(serde_json::to_value(&operational).unwrap()["detail"], "only 3 left");
/// let bug = reserve(3, "four").unwrap_err();
/// assert_eq!(serde_json::to_value(&bug).unwrap()["code"], "internal");
/// ```
///
/// [`ProblemLayer::on_bug`]: crate::ProblemLayer::on_bug
/// [`Expose::Causes`]: crate::Expose::Causes
#[derive(Clone)]
pub struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    is_bug: bool,
    status: StatusCode,
    code: Cow<'static, str>,
    type_uri: Option<Cow<'static, str>>,
    title: Option<Cow<'static, str>>,
    detail: Option<Cow<'static, str>>,
    instance: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: HeaderMap,
    grpc_code: Option<GrpcCode>,
    /// The rejection of another battlement layer that this problem was converted from.
    rejection: Option<Rejection>,
    cause: Option<Cause>,
}

/// The cause of a problem, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) source: Arc<dyn Error + Send + Sync>,
    pub(crate) backtrace: Arc<Backtrace>,
}

impl Problem {
    /// Creates an operational problem, whose text is sent to the caller.
    ///
    /// `code` is for programs: an identifier that does not change when texts do, such as `out_of_stock`.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not an error, 400 to 599.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        assert!(is_error(status), "Problem: `status` must be an error (400 to 599), got {status}");
        Self(Box::new(Inner {
            is_bug: false,
            status,
            code: code.into(),
            type_uri: None,
            title: None,
            detail: None,
            instance: None,
            errors: Vec::new(),
            members: Map::new(),
            headers: HeaderMap::new(),
            grpc_code: None,
            rejection: None,
            cause: None,
        }))
    }

    /// Creates an operational problem from a status alone. The code is the status phrase in snake case, such as
    /// `not_found`; for 413 and 422 it is `payload_too_large` and `unprocessable_entity`, their phrases before RFC
    /// 9110 renamed them.
    ///
    /// # Panics
    ///
    /// Panics if `status` is not an error, 400 to 599.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        Self::new(status, status_code::code(status))
    }

    /// Creates a bug: the caller sees a 500 with a fixed text, and `source` is logged.
    ///
    /// The operator `?` does the same. Use this function for errors that do not implement [`Error`], such as
    /// [`BoxError`] and `anyhow::Error`, and for errors that the layer would explain but that are bugs here.
    #[must_use]
    pub fn bug(source: impl Into<BoxError>) -> Self {
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").source(source);
        problem.0.is_bug = true;
        problem
    }

    /// Returns whether this is a bug and not an operational problem.
    #[must_use]
    pub const fn is_bug(&self) -> bool {
        self.0.is_bug
    }

    /// Returns the status of the response.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the code for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Returns the URI of the type, if one was set.
    #[must_use]
    pub fn explicit_type(&self) -> Option<&str> {
        self.0.type_uri.as_deref()
    }

    /// Returns the title: the status phrase, unless one was set (RFC 9457, section 4.2.1).
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.title.as_deref().unwrap_or_else(|| status_code::phrase(self.0.status))
    }

    /// Returns the detail for the caller, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Returns the URI of this occurrence, if one was set.
    #[must_use]
    pub fn occurrence(&self) -> Option<&str> {
        self.0.instance.as_deref()
    }

    /// Returns the errors of single fields.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// Returns the extension members.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    /// Returns the headers that the problem adds to the response.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns the code for gRPC callers: that of the status, unless one was set.
    #[must_use]
    pub fn grpc(&self) -> GrpcCode {
        self.0.grpc_code.unwrap_or_else(|| grpc::code(self.0.status))
    }

    /// Returns the cause, for the log: the error that this problem was created from.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause.source.as_ref() as &(dyn Error + 'static))
    }

    /// Returns the backtrace of the conversion of the source, if `RUST_BACKTRACE` enables it.
    #[must_use]
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.cause.as_ref().map(|cause| &*cause.backtrace)
    }

    /// Returns the response as JSON, for a service without axum.
    ///
    /// The problem is also in the extensions of the response, where a [`ProblemLayer`](crate::ProblemLayer) finds it.
    /// The layer adds the id and writes the format that the caller accepts. Without a layer the JSON is sent.
    #[must_use]
    pub fn response<B: From<Bytes>>(self) -> Response<B> {
        let json = Document::of(&self).json();
        let mut parts = self.head();
        parts
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        parts.extensions.insert(self);
        Response::from_parts(parts, json.into())
    }

    /// Returns the head of the response: the status, the headers, and the rejection by which outer layers recognize it.
    pub(crate) fn head(&self) -> Parts {
        let (mut parts, ()) = Response::new(()).into_parts();
        parts.status = self.status();
        parts.headers = self.0.headers.clone();
        if let Some(rejection) = self.0.rejection {
            parts.extensions.insert(rejection);
        }
        parts
    }

    /// Converts a rejection of another battlement layer.
    pub(crate) fn of_rejection(rejection: Rejection) -> Self {
        let kind = rejection.kind();
        let mut problem = Self::new(kind.status(), kind.as_str()).detail(kind.message());
        problem.0.grpc_code = Some(kind.grpc_code());
        problem.0.rejection = Some(rejection);
        if let Some(wait) = rejection.retry_after() {
            let wait = RetryAfter(wait).header_value();
            problem.0.headers.insert(header::RETRY_AFTER, wait);
        }
        problem
    }

    /// Sets the status to that of an existing response.
    pub(crate) fn at(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }
}

/// Formats everything, including the source: for the log, never for a caller.
impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("is_bug", &self.0.is_bug)
            .field("status", &self.0.status)
            .field("code", &self.0.code)
            .field("detail", &self.0.detail)
            .field("errors", &self.0.errors)
            .field("members", &self.0.members)
            .field("source", &self.cause())
            .finish_non_exhaustive()
    }
}

/// Formats the part for the caller, on one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status().as_u16(), self.code())?;
        match self.text() {
            Some(text) if !self.is_bug() => write!(f, ": {text}"),
            _ => Ok(()),
        }
    }
}
