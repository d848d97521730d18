use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header, header::Entry};

use crate::{
    Header, SecurityPatch,
    config::Config,
    csp::{self, Parts},
    nonce::Offer,
    security_header::{Content, written},
    variant::{ResponseContext, Variant},
};

/// The headers of all responses, written once.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) config: Config,
    pub(crate) wants_nonce: bool,
    prepared: [VariantHeaders; 4],
    /// The headers that are removed from a response.
    stripped: Vec<HeaderName>,
}

/// The headers of responses to one kind of request.
#[derive(Debug)]
struct VariantHeaders {
    headers: HeaderMap,
    /// The policies with a nonce.
    nonced: Vec<(Header, Parts)>,
}

/// The number of headers that fit before the map grows: the layer's, and those that responses usually have.
const ROOM: usize = 24;
/// The most headers that are added one by one; of more, a copy of the map costs less.
const FEW: usize = 4;

impl Template {
    pub(crate) fn new(config: Config) -> Self {
        let forced = config.forced.iter().map(|header| header.name());
        let wants_nonce = config.policies().any(|(_, csp)| csp.wants_nonce());
        Self {
            wants_nonce,
            prepared: Variant::ALL.map(|variant| VariantHeaders::new(&config, variant)),
            stripped: config.removed.iter().cloned().chain(forced).collect(),
            config,
        }
    }

    /// Adds the headers to a response.
    pub(crate) fn write<B>(
        &self,
        variant: Variant,
        nonce: Option<&Offer>,
        response: &mut Response<B>,
    ) {
        let nonce = nonce.and_then(Offer::settle);
        let context = ResponseContext { variant, nonce, status: response.status() };
        // The patch stays in the response, since an outer layer of this kind reads it as well.
        let patch = response.extensions().get::<SecurityPatch>().cloned();
        self.merge(context, patch, response.headers_mut());
    }

    /// Moves the response's own headers into a copy of the layer's, because they are fewer: moving a header costs as
    /// much as adding one, and a copy of the map costs less than either for each header.
    fn merge(
        &self,
        context: ResponseContext<'_>,
        patch: Option<SecurityPatch>,
        headers: &mut HeaderMap,
    ) {
        self.strip(headers);
        let prepared = &self.prepared[context.variant.index()];
        if prepared.headers.len() <= FEW && prepared.nonced.is_empty() && patch.is_none() {
            return prepared.add(context.status, headers);
        }
        let mut ours = prepared.headers.clone();
        if !prepared.nonced.is_empty() {
            prepared.settle_nonce(context, &mut ours);
        }
        if let Some(patch) = patch {
            patch.apply(&self.config, context, &mut ours);
        }
        // A 304 updates the stored response (RFC 9111, section 4.3.4), whose caching the service has decided with the
        // original response.
        if context.status == StatusCode::NOT_MODIFIED {
            ours.remove(header::CACHE_CONTROL);
        }
        let own = std::mem::replace(headers, ours);
        // The first value of a name replaces the layer's, and further values are added.
        headers.extend(own);
    }

    /// Removes headers. Usually none is present, which a pass over the names shows faster than a search for each.
    fn strip(&self, headers: &mut HeaderMap) {
        if headers.keys().any(|name| self.stripped.contains(name)) {
            for name in &self.stripped {
                headers.remove(name);
            }
        }
    }
}

impl VariantHeaders {
    fn new(config: &Config, variant: Variant) -> Self {
        let mut headers = HeaderMap::with_capacity(ROOM);
        let mut nonced = Vec::new();
        let usual = ResponseContext { variant, nonce: None, status: StatusCode::OK };
        for (header, content) in &config.headers {
            if variant.grpc && !header.concerns_grpc() {
                continue;
            }
            if let Content::Csp(csp) = &content.content
                && csp.wants_nonce()
            {
                nonced.push((*header, Parts::nonced(csp, variant.https)));
            }
            if let Some(value) = value_in(usual, &content.content) {
                headers.insert(header.name(), value);
            }
        }
        if let Some(value) = reporting_endpoints(config).filter(|_| !variant.grpc) {
            headers.insert(Header::ReportingEndpoints.name(), value);
        }
        Self { headers, nonced }
    }

    /// Adds the headers one by one, each where the response has none of its name.
    fn add(&self, status: StatusCode, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            // As in `merge`.
            let is_left_out = status == StatusCode::NOT_MODIFIED && *name == header::CACHE_CONTROL;
            if !is_left_out && let Entry::Vacant(entry) = headers.entry(name) {
                entry.insert(value.clone());
            }
        }
    }

    /// Writes the policies with a nonce. A cached page keeps the policy that it was stored with, whose nonce its
    /// scripts have; the policy of a 304 would replace it.
    fn settle_nonce(&self, context: ResponseContext<'_>, headers: &mut HeaderMap) {
        for (header, parts) in &self.nonced {
            if context.status == StatusCode::NOT_MODIFIED {
                headers.remove(header.name());
            } else if let Some(value) = context.nonce.and_then(|nonce| written(parts.with(nonce))) {
                headers.insert(header.name(), value);
            }
        }
        if context.nonce.is_some() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Returns the value of a header in this context, if it is sent.
pub(crate) fn value_in(context: ResponseContext<'_>, content: &Content) -> Option<HeaderValue> {
    let https = context.variant.https;
    match content {
        Content::Fixed { value, .. } => Some(value.clone()),
        Content::Hsts(hsts) if hsts.is_sent(https) => written(hsts.text()),
        Content::Hsts(_) => None,
        Content::Csp(csp) => {
            let wants_nonce = csp.wants_nonce();
            if wants_nonce && context.status == StatusCode::NOT_MODIFIED {
                return None;
            }
            let text = match context.nonce.filter(|_| wants_nonce) {
                Some(nonce) => Parts::nonced(csp, https).with(nonce),
                None => csp::unread(csp, https),
            };
            written(text).filter(|value| !value.is_empty())
        }
    }
}

pub(crate) fn reporting_endpoints(config: &Config) -> Option<HeaderValue> {
    let members: Vec<_> = config.all_endpoints().iter().map(ToString::to_string).collect();
    written(members.join(", ")).filter(|value| !value.is_empty())
}
