use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use crate::{
    ConfigError, Endpoint, Header, SecurityHeader, SecurityHeaders, config::Config, preset,
    template::Template,
};

/// Puts security headers on every answer. The crate's docs say what it does and where it goes.
///
/// # Example
///
/// ```
/// use battlement_security_headers::{
///     Csp, Directive, FrameOptions, Header, SecurityHeadersLayer,
/// };
///
/// let csp = Csp::helmet()
///     .change()
///     .replace(Directive::ScriptSrc, ["'self'", "https://js.example.com"])
///     .build()
///     .unwrap();
/// let layer = SecurityHeadersLayer::helmet()
///     .header(csp)
///     .header(FrameOptions::Deny)
///     .without(Header::DownloadOptions);
/// ```
#[derive(Clone, Debug)]
pub struct SecurityHeadersLayer {
    template: Arc<Template>,
}

impl SecurityHeadersLayer {
    /// For a service that answers with data: what OWASP's REST cheat sheet asks for, and what keeps an
    /// answer that a browser is made to show from doing anything.
    #[must_use]
    pub fn api() -> Self {
        Self::known_good(preset::api())
    }

    /// For a service that answers with pages: scripts and styles by nonce.
    #[must_use]
    pub fn html() -> Self {
        Self::known_good(preset::html())
    }

    /// The headers of Helmet 8, in its order and with its bytes, on every answer.
    ///
    /// As with Helmet, `Strict-Transport-Security` is sent over http as well;
    /// `.header(Hsts::new())` keeps it to https, where the client's scheme is known.
    #[must_use]
    pub fn helmet() -> Self {
        Self::known_good(preset::helmet())
    }

    /// No header at all; `Server` and `X-Powered-By` are still removed.
    #[must_use]
    pub fn none() -> Self {
        Self::known_good(Config::new([]))
    }

    /// These headers and no others.
    ///
    /// # Errors
    ///
    /// Every mistake in them and between them.
    pub fn try_new(headers: impl IntoIterator<Item = SecurityHeader>) -> Result<Self, ConfigError> {
        Self::of(Config::new(headers))
    }

    /// Sends this header, in the place of the same one.
    ///
    /// # Panics
    ///
    /// If it contradicts itself or what the layer was told before: HSTS that is to be preloaded and may
    /// not be, a list of referrer policies with one of them twice, a nonce that is the same in every
    /// answer, a `report-to` that no [`endpoint`](Self::endpoint) is named by.
    #[must_use]
    pub fn header(self, header: impl Into<SecurityHeader>) -> Self {
        self.changed(|config| config.set(header.into()))
    }

    /// Does not send this header. (`Reporting-Endpoints` goes by the policies that name endpoints.)
    #[must_use]
    pub fn without(self, header: Header) -> Self {
        self.changed(|config| {
            config.headers.remove(&header);
        })
    }

    /// An endpoint that a policy which was parsed may name. One that was built brings its own along.
    ///
    /// # Panics
    ///
    /// If another endpoint of this name is known.
    #[must_use]
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        self.changed(|config| config.endpoints.push(endpoint))
    }

    /// Sends these headers even where the service has set them, in the place of its own.
    ///
    /// By default the service's own header stays, so that a route can be stricter than the rest, and
    /// nothing is sent twice. A [`SecurityPatch`](crate::SecurityPatch) holds in either case.
    #[must_use]
    pub fn force(self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.changed(|config| config.forced.extend(headers))
    }

    /// Removes these headers from answers as well. From the start it removes `Server` and `X-Powered-By`.
    ///
    /// # Panics
    ///
    /// If clients read the response by one of them, as by `content-length` or `content-encoding`.
    #[must_use]
    pub fn remove(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.changed(|config| config.removed.extend(names))
    }

    /// Lets this header of the service through, be it `Server`.
    #[must_use]
    pub fn keep(self, name: &HeaderName) -> Self {
        self.changed(|config| config.removed.retain(|removed| removed != name))
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|config| config.enabled = enabled)
    }

    fn changed(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.template.config.clone();
        change(&mut config);
        match Self::of(config) {
            Ok(layer) => layer,
            Err(error) => panic!("SecurityHeadersLayer: {error}"),
        }
    }

    pub(crate) fn of(config: Config) -> Result<Self, ConfigError> {
        Ok(Self::known_good(config.checked()?))
    }

    fn known_good(config: Config) -> Self {
        Self { template: Arc::new(Template::new(config)) }
    }
}

impl<S> Layer<S> for SecurityHeadersLayer {
    type Service = SecurityHeaders<S>;

    fn layer(&self, inner: S) -> SecurityHeaders<S> {
        SecurityHeaders::new(inner, Arc::clone(&self.template))
    }
}
