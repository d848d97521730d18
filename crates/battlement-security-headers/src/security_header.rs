use http::HeaderValue;

use crate::{Csp, Endpoint, Header, Hsts, InvalidField};

/// A header with its value: what a layer is told to send, or one answer in the layer's place.
///
/// Every policy of this crate becomes one: [`Csp`], [`Hsts`], [`Coop`](crate::Coop) and so on.
#[derive(Clone, Debug)]
pub struct SecurityHeader {
    pub(crate) header: Header,
    pub(crate) content: Content,
    pub(crate) mistakes: Vec<InvalidField>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Csp(Csp),
    Hsts(Hsts),
    Fixed { value: HeaderValue, endpoint: Option<Endpoint> },
}

impl SecurityHeader {
    /// Which header it is.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    pub(crate) const fn csp(header: Header, csp: Csp) -> Self {
        Self { header, content: Content::Csp(csp), mistakes: Vec::new() }
    }

    pub(crate) const fn fixed(header: Header, value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        let content = Content::Fixed { value, endpoint: None };
        Self { header, content, mistakes: Vec::new() }
    }

    /// A header whose value was put together. It is visible ASCII wherever there are no mistakes in it.
    pub(crate) fn written(header: Header, text: String, mistakes: Vec<InvalidField>) -> Self {
        let value = written(text).unwrap_or(HeaderValue::from_static(""));
        Self { header, content: Content::Fixed { value, endpoint: None }, mistakes }
    }

    pub(crate) fn reporting_to(mut self, to: Endpoint) -> Self {
        if let Content::Fixed { endpoint, .. } = &mut self.content {
            *endpoint = Some(to);
        }
        self
    }

    /// The endpoint that it brings along.
    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        match &self.content {
            Content::Csp(csp) => csp.endpoint(),
            Content::Fixed { endpoint, .. } => endpoint.as_ref(),
            Content::Hsts(_) => None,
        }
    }
}

/// A value that is shared from the start, so that each answer's copy is one more count of it.
pub(crate) fn written(text: String) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text)).ok()
}

impl From<Csp> for SecurityHeader {
    fn from(csp: Csp) -> Self {
        Self::csp(Header::Csp, csp)
    }
}
