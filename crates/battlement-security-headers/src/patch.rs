use http::{Extensions, HeaderMap, Response};

use crate::{
    Directive, Header, SecurityHeader, Source,
    asked::Occasion,
    config::Config,
    security_header::Content,
    template::{reporting_endpoints, value_on},
};

/// What one route's answers have otherwise than the rest: an extension of the response.
///
/// Several patches on one response all hold, in the order in which they were put there: where a handler's
/// and that of a middleware around its group change the same header, the middleware's stands. Inserting a
/// patch into the extensions by hand replaces the one that is there; [`on`](Self::on) adds to it.
///
/// It changes what the layer sends, under [`force`](crate::SecurityHeadersLayer::force) too. A header that
/// the handler has set itself is none of the layer's and stays as it is.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{Corp, Directive, Header, SecurityPatch, Source};
/// use http::Response;
///
/// let maps: Source = "https://tiles.example.com".parse().unwrap();
/// let patch = SecurityPatch::new()
///     .header(Corp::CrossOrigin)
///     .without(Header::FrameOptions)
///     .allow(Directive::ImgSrc, maps);
/// let response = patch.on(Response::new("a page with a map"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a patch does nothing unless it is put on a response"]
pub struct SecurityPatch {
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Set(Box<SecurityHeader>),
    Without(Header),
    Allow(Directive, Source),
}

impl SecurityPatch {
    /// No change.
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// Sends this header in the place of the layer's, or beside the others where the layer has none.
    ///
    /// A policy with a nonce gets that of the request, if the layer's own policy takes one too.
    ///
    /// # Panics
    ///
    /// If it contradicts itself, as a layer's may not either.
    pub fn header(self, header: impl Into<SecurityHeader>) -> Self {
        let header = header.into();
        if let Some(mistake) = header.mistakes.first() {
            panic!("SecurityPatch: {mistake}");
        }
        self.and(Change::Set(Box::new(header)))
    }

    /// Does not send this header. (`Reporting-Endpoints` goes by the policies that name endpoints.)
    pub fn without(self, header: Header) -> Self {
        self.and(Change::Without(header))
    }

    /// Adds `source` to what `directive` of the layer's policy allows, the one that is reported on too.
    ///
    /// It begins with the list that holds for the directive, be it that of `default-src`.
    pub fn allow(self, directive: Directive, source: Source) -> Self {
        self.and(Change::Allow(directive, source))
    }

    fn and(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Puts the patch on `response`, behind those that are there.
    pub fn on<B>(self, mut response: Response<B>) -> Response<B> {
        self.put_into(response.extensions_mut());
        response
    }

    /// Adds the patch to the one among `extensions`, whose changes are made first.
    pub(crate) fn put_into(self, extensions: &mut Extensions) {
        match extensions.get_mut::<Self>() {
            Some(inner) => inner.changes.extend(self.changes),
            None => {
                extensions.insert(self);
            }
        }
    }

    /// Changes `headers`, which are those that `config` has on this occasion.
    pub(crate) fn apply(self, config: &Config, occasion: Occasion<'_>, headers: &mut HeaderMap) {
        let mut config = config.clone();
        let mut changed = Vec::new();
        for change in self.changes {
            changed.extend(change.make(&mut config));
        }
        for header in changed {
            let sent = |_: &&SecurityHeader| !occasion.asked.grpc || header.concerns_grpc();
            let known = config.headers.get(&header).filter(sent);
            match known.and_then(|known| value_on(occasion, &known.content)) {
                Some(value) => headers.insert(header.name(), value),
                None => headers.remove(header.name()),
            };
        }
        if let Some(value) = reporting_endpoints(&config).filter(|_| !occasion.asked.grpc) {
            headers.insert(Header::ReportingEndpoints.name(), value);
        }
    }
}

impl Change {
    /// Makes the change, and says whose values are others now.
    fn make(self, config: &mut Config) -> Vec<Header> {
        match self {
            Self::Set(header) => {
                let name = header.header;
                config.set(*header);
                vec![name]
            }
            Self::Without(header) => {
                config.headers.remove(&header);
                vec![header]
            }
            Self::Allow(directive, source) => {
                let mut changed = Vec::new();
                for known in config.headers.values_mut() {
                    if let Content::Csp(csp) = &mut known.content {
                        csp.allow(directive, &source);
                        changed.push(known.header);
                    }
                }
                changed
            }
        }
    }
}
