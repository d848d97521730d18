use std::time::Duration;

use http::HeaderValue;

use crate::{Header, SecurityHeader, security_header};

/// `Cache-Control` (RFC 9111, section 5.2.2): who may keep an answer, and for how long.
///
/// ```
/// use std::time::Duration;
/// use battlement_security_headers::CacheControl;
///
/// assert_eq!(CacheControl::no_store().header_value(), "no-store");
/// let asset = CacheControl::public(Duration::from_secs(3600)).immutable();
/// assert_eq!(asset.header_value(), "public, max-age=3600, immutable");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct CacheControl {
    scope: Scope,
    immutable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    NoStore,
    NoCache,
    Private(Duration),
    Public(Duration),
}

impl CacheControl {
    /// Nobody keeps it: what OWASP asks of every answer of an API.
    pub const fn no_store() -> Self {
        Self { scope: Scope::NoStore, immutable: false }
    }

    /// It may be kept, and is asked for again before each use.
    pub const fn no_cache() -> Self {
        Self { scope: Scope::NoCache, immutable: false }
    }

    /// The browser may keep it for `age`, in whole seconds; nobody between may.
    pub const fn private(age: Duration) -> Self {
        Self { scope: Scope::Private(age), immutable: false }
    }

    /// Everybody may keep it for `age`, in whole seconds.
    pub const fn public(age: Duration) -> Self {
        Self { scope: Scope::Public(age), immutable: false }
    }

    /// It never changes, so that not even a reload asks for it.
    pub const fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// The header's value.
    #[must_use]
    pub fn header_value(self) -> HeaderValue {
        security_header::written(self.text()).unwrap_or(HeaderValue::from_static("no-store"))
    }

    fn text(self) -> String {
        let immutable = if self.immutable { ", immutable" } else { "" };
        match self.scope {
            Scope::NoStore => "no-store".into(),
            Scope::NoCache => "no-cache".into(),
            Scope::Private(age) => format!("private, max-age={}{immutable}", age.as_secs()),
            Scope::Public(age) => format!("public, max-age={}{immutable}", age.as_secs()),
        }
    }
}

impl From<CacheControl> for SecurityHeader {
    fn from(policy: CacheControl) -> Self {
        Self::written(Header::CacheControl, policy.text(), Vec::new())
    }
}
