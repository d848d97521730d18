use std::time::Duration;

use http::HeaderValue;

use crate::{Header, SecurityHeader, security_header};

/// `Cache-Control` (RFC 9111, section 5.2.2): the caches that may store a response, and for how long.
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
    /// Forbids storing, as OWASP recommends for every response of an API.
    pub const fn no_store() -> Self {
        Self { scope: Scope::NoStore, immutable: false }
    }

    /// Allows storing, with a revalidation before each use.
    pub const fn no_cache() -> Self {
        Self { scope: Scope::NoCache, immutable: false }
    }

    /// Allows the browser to store the response for `age`, in whole seconds, and forbids shared caches to.
    pub const fn private(age: Duration) -> Self {
        Self { scope: Scope::Private(age), immutable: false }
    }

    /// Allows every cache to store the response for `age`, in whole seconds.
    pub const fn public(age: Duration) -> Self {
        Self { scope: Scope::Public(age), immutable: false }
    }

    /// Declares that the response never changes, so that a reload does not request it again.
    pub const fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// Returns the value of the header.
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
