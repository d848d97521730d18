use std::borrow::Cow;

use battlement_core::{Peer, Scheme, content_length, matched_path};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};

use crate::{
    Query,
    config::Config,
    redact::{redacted, redacted_url},
};

/// The parts of a request's head that a record has. Text is shared with the request, not copied.
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    pub(crate) peer: Option<Peer>,
    pub(crate) scheme: Option<Scheme>,
    /// The length that the request declares for its body.
    pub(crate) bytes_in: Option<u64>,
    /// The values of the headers that are logged, with their position in the settings.
    pub(crate) headers: Vec<(usize, HeaderValue)>,
    /// The route that axum has matched further out.
    pub(crate) route: Option<Box<str>>,
}

impl Head {
    pub(crate) fn of<B>(config: &Config, request: &Request<B>) -> Self {
        let extensions = request.extensions();
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            peer: Peer::in_extensions(extensions),
            scheme: Scheme::of(request),
            bytes_in: content_length(request.headers()),
            headers: logged(config, request.headers()),
            route: matched_path(extensions).map(Into::into),
        }
    }

    /// Returns the query without secrets, unless it is dropped.
    pub(crate) fn query(&self, query: Query) -> Option<Cow<'_, str>> {
        match query {
            Query::Drop => None,
            Query::Redact => self.uri.query().map(redacted),
        }
    }
}

/// Returns the values of the headers that are logged, with the positions of their names. The referrer is a URL, whose
/// query is redacted.
fn logged(config: &Config, headers: &HeaderMap) -> Vec<(usize, HeaderValue)> {
    let value = |name: &HeaderName, value: &HeaderValue| match *name {
        header::REFERER => redacted_url(value.clone()),
        _ => value.clone(),
    };
    let values =
        |(at, name)| headers.get_all(name).iter().map(move |of_name| (at, value(name, of_name)));
    config.headers.iter().enumerate().flat_map(values).collect()
}
