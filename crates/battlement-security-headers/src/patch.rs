use http::{Extensions, HeaderMap, Response};

use crate::{
    Directive, Header, SecurityHeader, Source,
    config::Config,
    security_header::Content,
    template::{reporting_endpoints, value_in},
    variant::ResponseContext,
};

/// Changes to the layer's headers for the responses of one route, as an extension of the response.
///
/// Several patches on one response all apply, in the order in which they were added: if a handler's patch and that of
/// a middleware around its group change the same header, the middleware's applies. Inserting a patch into the
/// extensions by hand replaces the present one; [`on`](Self::on) adds to it.
///
/// A patch changes the headers that the layer sends, also under [`force`](crate::SecurityHeadersLayer::force). A
/// header that the handler has set itself does not belong to the layer and is kept.
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
    /// Creates a patch without changes.
    pub const fn new() -> Self {
        Self { changes: Vec::new() }
    }

    /// Sends this header instead of the layer's, or in addition if the layer has none.
    ///
    /// A policy with a nonce gets the nonce of the request if the layer's own policy has one too.
    ///
    /// # Panics
    ///
    /// If the header is invalid, as for a layer.
    pub fn header(self, header: impl Into<SecurityHeader>) -> Self {
        let header = header.into();
        if let Some(invalid) = header.invalid_fields.first() {
            panic!("SecurityPatch: {invalid}");
        }
        self.and(Change::Set(Box::new(header)))
    }

    /// Omits this header. (`Reporting-Endpoints` follows the policies that name endpoints.)
    pub fn without(self, header: Header) -> Self {
        self.and(Change::Without(header))
    }

    /// Adds `source` to the list of `directive` in the layer's policy, and in the report-only policy.
    ///
    /// It starts with the list that applies to the directive, which may be that of `default-src`.
    pub fn allow(self, directive: Directive, source: Source) -> Self {
        self.and(Change::Allow(directive, source))
    }

    fn and(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// Adds the patch to `response`, after those that it has.
    pub fn on<B>(self, mut response: Response<B>) -> Response<B> {
        self.put_into(response.extensions_mut());
        response
    }

    /// Adds the patch to the one in `extensions`, whose changes apply first.
    pub(crate) fn put_into(self, extensions: &mut Extensions) {
        match extensions.get_mut::<Self>() {
            Some(inner) => inner.changes.extend(self.changes),
            None => {
                extensions.insert(self);
            }
        }
    }

    /// Changes `headers`, which are those of `config` in this context.
    pub(crate) fn apply(
        self,
        config: &Config,
        context: ResponseContext<'_>,
        headers: &mut HeaderMap,
    ) {
        let mut config = config.clone();
        let mut changed = Vec::new();
        for change in self.changes {
            changed.extend(change.make(&mut config));
        }
        for header in changed {
            let sent = |_: &&SecurityHeader| !context.variant.grpc || header.concerns_grpc();
            let known = config.headers.get(&header).filter(sent);
            match known.and_then(|known| value_in(context, &known.content)) {
                Some(value) => headers.insert(header.name(), value),
                None => headers.remove(header.name()),
            };
        }
        if let Some(value) = reporting_endpoints(&config).filter(|_| !context.variant.grpc) {
            headers.insert(Header::ReportingEndpoints.name(), value);
        }
    }
}

impl Change {
    /// Applies the changes, and returns the headers whose values changed.
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
