use std::time::Duration;

use crate::{Header, InvalidField, SecurityHeader, security_header::Content};

/// `Strict-Transport-Security` (RFC 6797): browsers use only https for the host from now on.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_security_headers::{Hsts, SecurityHeadersLayer, When};
///
/// let two_years = Duration::from_secs(2 * 365 * 24 * 60 * 60);
/// let hsts = Hsts::new().max_age(two_years).preload(true).when(When::Always);
/// let layer = SecurityHeadersLayer::html().header(hsts);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Hsts {
    max_age: Duration,
    include_subdomains: bool,
    preload: bool,
    when: When,
}

/// The responses that contain a header or directive about https.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum When {
    /// Responses over https, by the scheme that a trusted proxy wrote, or by the scheme of the connection.
    ///
    /// Behind a proxy that terminates TLS, the layer for the client's address (`battlement-client-ip`) must be further
    /// out; in a server that terminates TLS, [`ConnectionScheme`](crate::ConnectionScheme) must be in the extensions
    /// of each request. If neither is known, use [`Always`](Self::Always). The URI of a request does not count, since
    /// a client may write `https` into it over plain TCP as well.
    #[default]
    Https,
    /// All responses.
    Always,
}

/// The largest number of seconds that every parser represents exactly, including JavaScript's.
const MOST: u64 = (1 << 53) - 1;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Hsts {
    /// Creates a policy of one year, with all subdomains, without preload, [over https](When::Https).
    pub const fn new() -> Self {
        Self { max_age: YEAR, include_subdomains: true, preload: false, when: When::Https }
    }

    /// Sets the time for which browsers remember the policy, in whole seconds, at most 2^53 - 1. Zero makes them
    /// forget it. Default: 365 days.
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Includes subdomains. Default: true.
    pub const fn include_subdomains(mut self, yes: bool) -> Self {
        self.include_subdomains = yes;
        self
    }

    /// Allows browser vendors to preload the policy. Default: false, since it is hard to undo.
    ///
    /// Their list requires at least one year, and subdomains.
    pub const fn preload(mut self, yes: bool) -> Self {
        self.preload = yes;
        self
    }

    /// Sets the responses that contain the header. Default: [`When::Https`].
    pub const fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }

    pub(crate) const fn is_sent(self, https: bool) -> bool {
        https || matches!(self.when, When::Always)
    }

    pub(crate) fn text(self) -> String {
        let subdomains = if self.include_subdomains { "; includeSubDomains" } else { "" };
        let preload = if self.preload { "; preload" } else { "" };
        format!("max-age={}{subdomains}{preload}", self.max_age.as_secs())
    }

    fn invalid_fields(self) -> Vec<InvalidField> {
        let refuse = |message| InvalidField::new("strict-transport-security", message);
        let mut invalid_fields = Vec::new();
        if self.max_age.as_secs() > MOST {
            invalid_fields.push(refuse("max-age must be at most 9007199254740991"));
        }
        if self.preload && self.max_age < YEAR {
            invalid_fields.push(refuse("preload requires a max-age of at least 31536000"));
        }
        if self.preload && !self.include_subdomains {
            invalid_fields.push(refuse("preload requires `includeSubDomains`"));
        }
        invalid_fields
    }
}

impl Default for Hsts {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Hsts> for SecurityHeader {
    fn from(hsts: Hsts) -> Self {
        Self {
            header: Header::Hsts,
            content: Content::Hsts(hsts),
            invalid_fields: hsts.invalid_fields(),
        }
    }
}
