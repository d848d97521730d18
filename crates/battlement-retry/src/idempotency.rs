use std::{fmt, sync::Arc};

use battlement_core::{ConfigError, InvalidField, RequestHead, Wire};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, header::CONTENT_TYPE};

#[cfg(test)]
mod tests;

/// States whether a request is idempotent: sending it twice has the effect of sending it once.
///
/// An extension of a request that precedes every other rule. `Idempotent(true)` lets a POST be repeated, and
/// `Idempotent(false)` keeps a PUT from being repeated that is not idempotent after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Idempotent(pub bool);

type Rule = dyn Fn(&RequestHead<'_>) -> Option<bool> + Send + Sync;

/// The rules by which a request counts as idempotent, and may be repeated after any failure.
///
/// The extension [`Idempotent`] of a request decides, else the closure of [`rule`](Self::rule) where it returns `Some`.
/// Otherwise a request is idempotent if one of these holds:
///
/// - Its method is GET, HEAD, OPTIONS, TRACE, PUT or DELETE (RFC 9110, section 9.2.2).
/// - It has an `Idempotency-Key` that is not empty, unless [`idempotency_key`](Self::idempotency_key) is off.
/// - It is a gRPC call of one of the [`grpc_methods`](Self::grpc_methods).
///
/// Any other request, such as a POST, is repeated only if it was provably not processed.
///
/// # Example
///
/// ```
/// use battlement_retry::Idempotency;
/// use http::Request;
///
/// let rules = Idempotency::default();
/// assert!(rules.is_idempotent(&Request::put("/orders/7").body(()).unwrap()));
/// let order = Request::post("/orders").body(()).unwrap();
/// assert!(!rules.is_idempotent(&order));
/// let order = Request::post("/orders").header("idempotency-key", "\"8e03978e\"").body(()).unwrap();
/// assert!(rules.is_idempotent(&order));
/// ```
#[derive(Clone)]
pub struct Idempotency {
    key: bool,
    grpc_methods: Arc<[String]>,
    rule: Option<Arc<Rule>>,
}

/// The header of draft-ietf-httpapi-idempotency-key-header.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The headers of a request, in a map or in a list.
pub(crate) trait Fields {
    /// Returns the first value of a header.
    fn field(&self, name: &HeaderName) -> Option<&HeaderValue>;
}

impl Fields for HeaderMap {
    fn field(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.get(name)
    }
}

impl Idempotency {
    /// Sets whether an `Idempotency-Key` makes a request idempotent; the default is true.
    ///
    /// A proxy that forwards the keys of its clients switches it off, unless its upstream honors them.
    #[must_use]
    pub const fn idempotency_key(mut self, is_honored: bool) -> Self {
        self.key = is_honored;
        self
    }

    /// Sets the gRPC methods that are idempotent, as `inventory.v1.Inventory/Reserve`, with or without a leading slash.
    ///
    /// # Panics
    ///
    /// If [`try_grpc_methods`](Self::try_grpc_methods) returns an error.
    #[must_use]
    pub fn grpc_methods<M: AsRef<str>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        self.try_grpc_methods(methods).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sets the gRPC methods that are idempotent, or returns every error; see [`grpc_methods`](Self::grpc_methods).
    ///
    /// # Errors
    ///
    /// If a name is not a service and a method, as `pkg.Svc/Method`.
    pub fn try_grpc_methods<M: AsRef<str>>(
        mut self,
        methods: impl IntoIterator<Item = M>,
    ) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        let mut names = Vec::new();
        for (index, method) in methods.into_iter().enumerate() {
            match method_name(method.as_ref()) {
                Some(name) => names.push(name.to_owned()),
                None => errors.push(InvalidField::new(
                    format!("idempotent_methods[{index}]"),
                    format!("must be a gRPC method as `pkg.Svc/Method`, got {:?}", method.as_ref()),
                )),
            }
        }
        self.grpc_methods = names.into();
        ConfigError::check("retry", errors, self)
    }

    /// Sets a closure that marks requests as idempotent (`Some(true)`), excludes them (`Some(false)`), or leaves them to
    /// the other rules (`None`).
    #[must_use]
    pub fn rule<F>(mut self, rule: F) -> Self
    where
        F: Fn(&RequestHead<'_>) -> Option<bool> + Send + Sync + 'static,
    {
        self.rule = Some(Arc::new(rule));
        self
    }

    /// Returns whether `request` may be repeated after any failure.
    #[must_use]
    pub fn is_idempotent<B>(&self, request: &Request<B>) -> bool {
        let by_head = || self.allows(request.method(), request.uri().path(), request.headers());
        let stated = self.stated(request.extensions(), || RequestHead::of(request));
        stated.unwrap_or_else(by_head)
    }

    /// Returns what the extension of the request or the closure states, if either does.
    #[inline]
    pub(crate) fn stated<'a>(
        &self,
        extensions: &Extensions,
        head: impl FnOnce() -> RequestHead<'a>,
    ) -> Option<bool> {
        if let Some(Idempotent(is_idempotent)) = extensions.get() {
            return Some(*is_idempotent);
        }
        self.rule.as_ref().and_then(|rule| rule(&head()))
    }

    /// Returns what the closure states, for a request that is not of `http`.
    #[cfg(feature = "reqwest")]
    pub(crate) fn stated_by_rule(&self, head: impl FnOnce() -> Request<()>) -> Option<bool> {
        self.rule.as_ref().and_then(|rule| rule(&RequestHead::of(&head())))
    }

    /// Returns whether a request with this head is idempotent, unless something else is stated.
    pub(crate) fn allows(&self, method: &Method, path: &str, headers: &impl Fields) -> bool {
        is_idempotent_method(method)
            || self.counts_key(headers)
            || self.names(method, path, headers)
    }

    /// Returns whether the request has an `Idempotency-Key` that counts.
    pub(crate) fn counts_key(&self, headers: &impl Fields) -> bool {
        self.key && has_key(headers)
    }

    /// Returns whether the request is a gRPC call of a method in the list.
    fn names(&self, method: &Method, path: &str, headers: &impl Fields) -> bool {
        // Most clients have no list, and their requests are not read for it.
        if self.grpc_methods.is_empty() || method != Method::POST {
            return false;
        }
        let called = path.strip_prefix('/').unwrap_or(path);
        let wire = headers.field(&CONTENT_TYPE).map(Wire::of_content_type);
        wire.is_some_and(Wire::is_grpc) && self.grpc_methods.iter().any(|name| name == called)
    }
}

impl Default for Idempotency {
    /// Creates the default rules: the idempotent methods, and any request with an `Idempotency-Key`.
    fn default() -> Self {
        Self { key: true, grpc_methods: Arc::default(), rule: None }
    }
}

impl fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency")
            .field("key", &self.key)
            .field("grpc_methods", &self.grpc_methods)
            .field("has_rule", &self.rule.is_some())
            .finish()
    }
}

/// Returns whether the request carries an `Idempotency-Key` that is not empty.
fn has_key(headers: &impl Fields) -> bool {
    headers.field(&KEY).is_some_and(|key| !key.as_bytes().trim_ascii().is_empty())
}

const fn is_idempotent_method(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
    )
}

/// Returns the name without a leading slash, or `None` if it is not a service and a method.
fn method_name(name: &str) -> Option<&str> {
    let name = name.strip_prefix('/').unwrap_or(name);
    let (service, method) = name.split_once('/')?;
    let is_valid = service.split('.').all(is_identifier) && is_identifier(method);
    is_valid.then_some(name)
}

/// Returns whether `name` is an identifier of protobuf.
fn is_identifier(name: &str) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.as_bytes().first().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(&byte) || byte.is_ascii_digit())
}
