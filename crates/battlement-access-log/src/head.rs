use battlement_core::{Peer, Scheme, content_length, matched_path};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};

use crate::{Query, config::Config};

/// The parts of a request's head that a record has. Text is shared with the request, not copied.
#[derive(Debug)]
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

    /// Returns the query, unless it is dropped.
    pub(crate) fn query(&self, query: Query) -> Option<&str> {
        if query == Query::Drop { None } else { self.uri.query() }
    }
}

/// Returns the values of the headers that are logged, with the positions of their names.
fn logged(config: &Config, headers: &HeaderMap) -> Vec<(usize, HeaderValue)> {
    let values = |(at, name)| headers.get_all(name).iter().map(move |value| (at, value.clone()));
    config.logged().enumerate().flat_map(values).collect()
}
