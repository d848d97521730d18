use std::{backtrace::Backtrace, borrow::Cow, error::Error, fmt, sync::Arc};

use battlement_core::{GrpcCode, Rejection, RetryAfter};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, response::Parts};
use serde_json::{Map, Value};

use crate::{BoxError, Document, FieldError, found::is_error, grpc};

mod build;
mod from_error;
mod read;
mod status_code;

pub(crate) use self::from_error::Carried;

/// The members that a problem has anyhow, which no extension may be called.
pub(crate) const RESERVED: [&str; 8] =
    ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"];

/// What went wrong, as a caller may know it (RFC 9457), and privately why.
///
/// # What is always true of it
///
/// It is one of two things. What was made by [`Problem::new`] is *operational*: it says what it was told to
/// say. What an error became by `?`, or [`Problem::bug`] was told of, is a *bug*: callers get a fixed text
/// and the id of their request, whatever else was set on it but headers.
///
/// Neither shows its source to a caller: a source is for the log, for [`ProblemLayer::on_bug`], and for
/// callers only where [`Expose::Causes`] was chosen.
///
/// It is deliberately no [`std::error::Error`], so that every error can become one by `?`. It does turn into
/// a [`BoxError`], which the layer finds it in again.
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
/// let told = reserve(3, "4").unwrap_err();
/// assert_eq!(serde_json::to_value(&told).unwrap()["detail"], "only 3 left");
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
    cause: Option<Cause>,
}

/// Why, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) source: Arc<dyn Error + Send + Sync>,
    pub(crate) backtrace: Arc<Backtrace>,
}

impl Problem {
    /// An operational problem, which speaks to the caller.
    ///
    /// `code` is for programs: a word that stays when texts change, such as `out_of_stock`.
    ///
    /// # Panics
    ///
    /// If `status` is none of an error, 400 to 599.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>) -> Self {
        assert!(is_error(status), "Problem: {status} is no status of an error");
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
            cause: None,
        }))
    }

    /// Creates an operational problem from a status alone. The code is the status phrase as a word, such as
    /// `not_found`; for 413 and 422 it is `payload_too_large` and `unprocessable_entity`, their phrases before
    /// RFC 9110 renamed them.
    ///
    /// # Panics
    ///
    /// If `status` is none of an error, 400 to 599.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        Self::new(status, status_code::code(status))
    }

    /// A bug: the caller learns that the fault is ours, and nothing else.
    ///
    /// What `?` does with an error, for errors that do not implement [`Error`], such as [`BoxError`] and
    /// `anyhow::Error`, and for those that are to be a bug although the layer knows their kind.
    #[must_use]
    pub fn bug(source: impl Into<BoxError>) -> Self {
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal").source(source);
        problem.0.is_bug = true;
        problem
    }

    /// Whether this is a bug rather than something that was to be expected.
    #[must_use]
    pub const fn is_bug(&self) -> bool {
        self.0.is_bug
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The word for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The URI of the type, if one was set.
    #[must_use]
    pub fn explicit_type(&self) -> Option<&str> {
        self.0.type_uri.as_deref()
    }

    /// The name of the type: the status phrase, unless one was set (RFC 9457, section 4.2.1).
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.title.as_deref().unwrap_or_else(|| status_code::phrase(self.0.status))
    }

    /// The text for the caller, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The URI of this occurrence, if one was set.
    #[must_use]
    pub fn occurrence(&self) -> Option<&str> {
        self.0.instance.as_deref()
    }

    /// What is wrong with each field.
    #[must_use]
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The members beside those of the standard.
    #[must_use]
    pub const fn members(&self) -> &Map<String, Value> {
        &self.0.members
    }

    /// The headers of the answer that are the problem's.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The code for gRPC callers: that of the status, unless one was set.
    #[must_use]
    pub fn grpc(&self) -> GrpcCode {
        self.0.grpc_code.unwrap_or_else(|| grpc::code(self.0.status))
    }

    /// Why, for the log: the error that this problem was made of.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause.source.as_ref() as &(dyn Error + 'static))
    }

    /// Where the source was handed over, if `RUST_BACKTRACE` asks for that.
    #[must_use]
    pub fn backtrace(&self) -> Option<&Backtrace> {
        self.0.cause.as_ref().map(|cause| &*cause.backtrace)
    }

    /// The answer as JSON, for a service without axum.
    ///
    /// The problem stands in its extensions, where a [`ProblemLayer`](crate::ProblemLayer) finds it: the
    /// layer adds the id and writes what the caller accepts. Without a layer the JSON is what is sent.
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

    /// An answer without a body: the status and the headers.
    pub(crate) fn head(&self) -> Parts {
        let (mut parts, ()) = Response::new(()).into_parts();
        parts.status = self.status();
        parts.headers = self.0.headers.clone();
        parts
    }

    /// What a rejection of ours says.
    pub(crate) fn of_rejection(rejection: Rejection) -> Self {
        let kind = rejection.kind;
        let mut problem = Self::new(kind.status(), kind.as_str()).detail(kind.message());
        problem.0.grpc_code = Some(kind.grpc_code());
        if let Some(wait) = rejection.retry_after {
            let wait = RetryAfter(wait).header_value();
            problem.0.headers.insert(header::RETRY_AFTER, wait);
        }
        problem
    }

    /// The same for an answer that has this status already.
    pub(crate) fn at(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }
}

/// Everything, the source included: for the log, never for a caller.
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

/// What the caller may know, on one line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status().as_u16(), self.code())?;
        match self.text() {
            Some(text) if !self.is_bug() => write!(f, ": {text}"),
            _ => Ok(()),
        }
    }
}
