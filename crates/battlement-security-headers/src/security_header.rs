use http::HeaderValue;

use crate::{Csp, Endpoint, Header, Hsts, InvalidField};

/// A header with its value, for a layer or for a single response.
///
/// Every policy of this crate converts into one: [`Csp`], [`Hsts`], [`Coop`](crate::Coop) and so on.
#[derive(Clone, Debug)]
pub struct SecurityHeader {
    pub(crate) header: Header,
    pub(crate) content: Content,
    pub(crate) invalid_fields: Vec<InvalidField>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Csp(Csp),
    Hsts(Hsts),
    Fixed { value: HeaderValue, endpoint: Option<Endpoint> },
}

impl SecurityHeader {
    /// Returns the header without its value.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    pub(crate) const fn csp(header: Header, csp: Csp) -> Self {
        Self { header, content: Content::Csp(csp), invalid_fields: Vec::new() }
    }

    pub(crate) const fn fixed(header: Header, value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        let content = Content::Fixed { value, endpoint: None };
        Self { header, content, invalid_fields: Vec::new() }
    }

    /// Creates a header from a composed value, which is visible ASCII unless it has errors.
    pub(crate) fn written(header: Header, text: String, invalid_fields: Vec<InvalidField>) -> Self {
        let value = written(text).unwrap_or(HeaderValue::from_static(""));
        Self { header, content: Content::Fixed { value, endpoint: None }, invalid_fields }
    }

    pub(crate) fn reporting_to(mut self, to: Endpoint) -> Self {
        if let Content::Fixed { endpoint, .. } = &mut self.content {
            *endpoint = Some(to);
        }
        self
    }

    /// Returns the endpoint that the header contains.
    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        match &self.content {
            Content::Csp(csp) => csp.endpoint(),
            Content::Fixed { endpoint, .. } => endpoint.as_ref(),
            Content::Hsts(_) => None,
        }
    }
}

/// Creates a value that is shared from the start, so that the copy for each response only increments a reference
/// count.
pub(crate) fn written(text: String) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

impl From<Csp> for SecurityHeader {
    fn from(csp: Csp) -> Self {
        Self::csp(Header::Csp, csp)
    }
}
