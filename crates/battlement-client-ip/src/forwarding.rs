use battlement_core::is_reserved_header;
use http::{
    HeaderName,
    header::{FORWARDED, HOST},
};

use crate::InvalidField;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Which headers the proxies write.
///
/// One header names the client, and no other is looked at for it: a proxy that writes one passes the others on
/// as the client sent them.
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

/// How a header names the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A list of addresses, to which each proxy adds.
    List,
    /// `Forwarded`.
    Rfc7239,
    /// One address.
    Single,
}

impl Forwarding {
    /// `X-Forwarded-For`: each proxy adds the address of whoever connected to it.
    #[must_use]
    pub const fn x_forwarded_for() -> Self {
        Self { header: X_FORWARDED_FOR, form: Form::List, scheme: None, host: None }
    }

    /// `Forwarded` (RFC 7239): each proxy adds an element, of which the scheme and the host are taken as well.
    #[must_use]
    pub const fn forwarded() -> Self {
        Self { header: FORWARDED, form: Form::Rfc7239, scheme: None, host: None }
    }

    /// A header with one address, which the outermost proxy sets whatever the client sent, and the others pass
    /// on: `CF-Connecting-IP`, `True-Client-IP`, `Fly-Client-IP`, `X-Real-IP`.
    ///
    /// Nothing shows whether a request has come through that proxy. See that no other way leads to yours, or
    /// take a list. A header that lists many by its definition is read as such.
    ///
    /// # Panics
    ///
    /// If HTTP defines the header for another use, as `cookie`.
    #[must_use]
    pub fn single(header: HeaderName) -> Self {
        Self::named(header).checked()
    }

    /// The form that a header of this name has, not yet checked.
    pub(crate) fn named(header: HeaderName) -> Self {
        if header == X_FORWARDED_FOR {
            Self::x_forwarded_for()
        } else if header == FORWARDED {
            Self::forwarded()
        } else {
            Self { header, form: Form::Single, scheme: None, host: None }
        }
    }

    /// The header that tells the client's scheme, as `X-Forwarded-Proto`. Default: none.
    ///
    /// Name it if the proxies set it whatever the client sent: one that they pass on says what the client
    /// wishes. Of many values the last one counts, which is the nearest proxy's.
    ///
    /// # Panics
    ///
    /// With [`forwarded`](Self::forwarded), which has one of its own, or if HTTP defines the header for another use.
    #[must_use]
    pub fn scheme(mut self, header: HeaderName) -> Self {
        self.scheme = Some(header);
        self.checked()
    }

    /// The header that tells the host which the client asked for, as `X-Forwarded-Host`. Default: none.
    ///
    /// Name it if the proxies set it whatever the client sent; nginx and most load balancers do not, unless
    /// told to. Of many values the last one counts, which is the nearest proxy's.
    ///
    /// # Panics
    ///
    /// With [`forwarded`](Self::forwarded), which has one of its own, or if HTTP defines the header for another use;
    /// `host` itself is allowed.
    #[must_use]
    pub fn host(mut self, header: HeaderName) -> Self {
        self.host = Some(header);
        self.checked()
    }

    fn checked(self) -> Self {
        if let Some(mistake) = self.invalid_fields().first() {
            panic!("Forwarding: {mistake}");
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
            return Some(InvalidField::new(field, "`forwarded` tells it itself; leave it out"));
        }
        let is_host = field == "host_header" && *header == HOST;
        (!is_host && is_reserved_header(header)).then(|| defined_by_http(field, header))
    }
}

fn defined_by_http(field: &str, name: &HeaderName) -> InvalidField {
    let message = format!(
        "must be a header that HTTP does not define, got `{name}`; name the one that your proxies write"
    );
    InvalidField::new(field, message)
}
