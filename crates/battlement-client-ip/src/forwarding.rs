use battlement_core::is_reserved_header;
use http::{
    HeaderName,
    header::{FORWARDED, HOST},
};

use crate::InvalidField;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The headers that the proxies write.
///
/// A single header names the client, and no other is read for it: a proxy that writes one passes the others on as the
/// client sent them.
///
/// # Example
///
/// ```
/// use battlement_client_ip::Forwarding;
/// use http::HeaderName;
///
/// let nginx = Forwarding::x_forwarded_for()
///     .scheme(HeaderName::from_static("x-forwarded-proto"))
///     .host(HeaderName::from_static("x-forwarded-host"));
/// let cloudflare = Forwarding::single(HeaderName::from_static("cf-connecting-ip"));
/// ```
#[derive(Clone, Debug)]
pub struct Forwarding {
    pub(crate) header: HeaderName,
    pub(crate) form: Form,
    pub(crate) scheme: Option<HeaderName>,
    pub(crate) host: Option<HeaderName>,
}

/// The form in which a header names the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A list of addresses, to which each proxy appends.
    List,
    /// `Forwarded`.
    Rfc7239,
    /// A single address.
    Single,
}

impl Forwarding {
    /// Reads `X-Forwarded-For`: each proxy appends the address of its peer.
    #[must_use]
    pub const fn x_forwarded_for() -> Self {
        Self { header: X_FORWARDED_FOR, form: Form::List, scheme: None, host: None }
    }

    /// Reads `Forwarded` (RFC 7239): each proxy appends an element, which may have a scheme and a host as well.
    #[must_use]
    pub const fn forwarded() -> Self {
        Self { header: FORWARDED, form: Form::Rfc7239, scheme: None, host: None }
    }

    /// Reads a header with one address, which the outermost proxy sets regardless of the client's value, and the others
    /// pass on: `CF-Connecting-IP`, `True-Client-IP`, `Fly-Client-IP`, `X-Real-IP`.
    ///
    /// Such a header does not show whether a request came through that proxy. Make sure that it cannot be bypassed, or
    /// use a list. A header that is defined as a list is read as a list.
    ///
    /// # Panics
    ///
    /// If HTTP defines the header for another use, as `cookie`.
    #[must_use]
    pub fn single(header: HeaderName) -> Self {
        Self::named(header).checked()
    }

    /// Returns the form of a header with this name, not yet checked.
    pub(crate) fn named(header: HeaderName) -> Self {
        if header == X_FORWARDED_FOR {
            Self::x_forwarded_for()
        } else if header == FORWARDED {
            Self::forwarded()
        } else {
            Self { header, form: Form::Single, scheme: None, host: None }
        }
    }

    /// Sets the header of the client's scheme, as `X-Forwarded-Proto`. Default: none.
    ///
    /// Set it only if the proxies overwrite the client's value. Of several values the last one applies, which the nearest
    /// proxy wrote.
    ///
    /// # Panics
    ///
    /// With [`forwarded`](Self::forwarded), whose header contains the value, or if HTTP defines the header for another use.
    #[must_use]
    pub fn scheme(mut self, header: HeaderName) -> Self {
        self.scheme = Some(header);
        self.checked()
    }

    /// Sets the header of the requested host, as `X-Forwarded-Host`. Default: none.
    ///
    /// Set it only if the proxies overwrite the client's value; nginx and most load balancers do not by default. Of
    /// several values the last one applies, which the nearest proxy wrote.
    ///
    /// # Panics
    ///
    /// With [`forwarded`](Self::forwarded), whose header contains the value, or if HTTP defines the header for another use;
    /// `host` itself is allowed.
    #[must_use]
    pub fn host(mut self, header: HeaderName) -> Self {
        self.host = Some(header);
        self.checked()
    }

    fn checked(self) -> Self {
        if let Some(invalid) = self.invalid_fields().first() {
            panic!("Forwarding: {invalid}");
        }
        self
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let beside = [("scheme_header", self.scheme.as_ref()), ("host_header", self.host.as_ref())];
        let named = beside.into_iter().filter_map(|(field, header)| Some((field, header?)));
        let mut invalid: Vec<_> = self.invalid_header().into_iter().collect();
        invalid.extend(named.filter_map(|(field, header)| self.invalid_beside(field, header)));
        invalid
    }

    fn invalid_header(&self) -> Option<InvalidField> {
        let fits = self.form == Form::Rfc7239 || !is_reserved_header(&self.header);
        (!fits).then(|| defined_by_http("header", &self.header))
    }

    fn invalid_beside(&self, field: &str, header: &HeaderName) -> Option<InvalidField> {
        if self.form == Form::Rfc7239 {
            return Some(InvalidField::new(
                field,
                "must be unset with `forwarded`, whose header contains the value",
            ));
        }
        let is_host = field == "host_header" && *header == HOST;
        (!is_host && is_reserved_header(header)).then(|| defined_by_http(field, header))
    }
}

fn defined_by_http(field: &str, name: &HeaderName) -> InvalidField {
    let message = format!(
        "must be a header that HTTP does not define, got `{name}`; use the header that your proxies write"
    );
    InvalidField::new(field, message)
}
