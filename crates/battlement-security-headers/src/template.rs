use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use crate::{
    Header, SecurityPatch,
    asked::{Asked, Occasion},
    config::Config,
    csp::{self, Parts},
    nonce::Offer,
    security_header::{Content, written},
};

/// The headers of all answers, written once.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) config: Config,
    pub(crate) wants_nonce: bool,
    variants: [Variant; 4],
    /// What is taken from an answer before ours is put there.
    stripped: Vec<HeaderName>,
}

/// The headers of answers to one kind of request.
#[derive(Debug)]
struct Variant {
    headers: HeaderMap,
    /// The policies that take a nonce.
    nonced: Vec<(Header, Parts)>,
}

/// So many headers fit before the map must grow: ours, and those that answers usually have.
const ROOM: usize = 24;

impl Template {
    pub(crate) fn new(config: Config) -> Self {
        let forced = config.forced.iter().map(|header| header.name());
        let wants_nonce = config.policies().any(|(_, csp)| csp.wants_nonce());
        Self {
            wants_nonce,
            variants: Asked::ALL.map(|asked| Variant::new(&config, asked)),
            stripped: config.removed.iter().cloned().chain(forced).collect(),
            config,
        }
    }

    /// Puts the headers on an answer.
    pub(crate) fn write<B>(&self, asked: Asked, nonce: Option<&Offer>, response: &mut Response<B>) {
        let nonce = nonce.and_then(Offer::settle);
        let occasion = Occasion { asked, nonce, status: response.status() };
        // It stays there: a layer like this one that stands further out is told the same.
        let patch = response.extensions().get::<SecurityPatch>().cloned();
        self.merge(occasion, patch, response.headers_mut());
    }

    /// The answer's own headers are moved into a copy of ours, because they are fewer: moving one costs
    /// as much as adding one, and a copy of the map costs less than either for each.
    fn merge(&self, occasion: Occasion<'_>, patch: Option<SecurityPatch>, headers: &mut HeaderMap) {
        let variant = &self.variants[occasion.asked.index()];
        let mut ours = variant.headers.clone();
        if !variant.nonced.is_empty() {
            variant.settle_nonce(occasion, &mut ours);
        }
        if let Some(patch) = patch {
            patch.apply(&self.config, occasion, &mut ours);
        }
        // A 304 updates the stored answer (RFC 9111, section 4.3.4), which the service has judged before.
        if occasion.status == StatusCode::NOT_MODIFIED {
            ours.remove(header::CACHE_CONTROL);
        }
        self.strip(headers);
        let own = std::mem::replace(headers, ours);
        // The first value of a name replaces ours, the others of it are added.
        headers.extend(own);
    }

    /// Mostly nothing of it is there, which a look at the names tells sooner than a search for each.
    fn strip(&self, headers: &mut HeaderMap) {
        if headers.keys().any(|name| self.stripped.contains(name)) {
            for name in &self.stripped {
                headers.remove(name);
            }
        }
    }
}

impl Variant {
    fn new(config: &Config, asked: Asked) -> Self {
        let mut headers = HeaderMap::with_capacity(ROOM);
        let mut nonced = Vec::new();
        let usual = Occasion { asked, nonce: None, status: StatusCode::OK };
        for (header, content) in &config.headers {
            if asked.grpc && !header.concerns_grpc() {
                continue;
            }
            if let Content::Csp(csp) = &content.content
                && csp.wants_nonce()
            {
                nonced.push((*header, Parts::nonced(csp, asked.https)));
            }
            if let Some(value) = value_on(usual, &content.content) {
                headers.insert(header.name(), value);
            }
        }
        if let Some(value) = reporting_endpoints(config).filter(|_| !asked.grpc) {
            headers.insert(Header::ReportingEndpoints.name(), value);
        }
        Self { headers, nonced }
    }

    /// A page in a cache keeps the policy it was stored with, whose nonce its scripts have; the policy of
    /// a 304 would replace that.
    fn settle_nonce(&self, occasion: Occasion<'_>, headers: &mut HeaderMap) {
        for (header, parts) in &self.nonced {
            if occasion.status == StatusCode::NOT_MODIFIED {
                headers.remove(header.name());
            } else if let Some(value) = occasion.nonce.and_then(|nonce| written(parts.with(nonce)))
            {
                headers.insert(header.name(), value);
            }
        }
        if occasion.nonce.is_some() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// The value of a header on such an occasion, if it is sent there.
pub(crate) fn value_on(occasion: Occasion<'_>, content: &Content) -> Option<HeaderValue> {
    let https = occasion.asked.https;
    match content {
        Content::Fixed { value, .. } => Some(value.clone()),
        Content::Hsts(hsts) if hsts.is_sent(https) => written(hsts.text()),
        Content::Hsts(_) => None,
        Content::Csp(csp) => {
            let wants_nonce = csp.wants_nonce();
            if wants_nonce && occasion.status == StatusCode::NOT_MODIFIED {
                return None;
            }
            let text = match occasion.nonce.filter(|_| wants_nonce) {
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
