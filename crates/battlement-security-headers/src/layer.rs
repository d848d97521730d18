use std::sync::Arc;

use http::HeaderName;
use tower_layer::Layer;

use crate::{
    ConfigError, Endpoint, Header, SecurityHeader, SecurityHeaders, config::Config, preset,
    template::Template,
};

/// A layer that adds security headers to every response.
///
/// The documentation of the crate describes its effect and its place in the stack.
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
    /// Creates a layer for a service that responds with data: the headers of OWASP's REST cheat sheet, and those that
    /// keep a response harmless if a browser is made to display it.
    #[must_use]
    pub fn api() -> Self {
        Self::known_good(preset::api())
    }

    /// Creates a layer for a service that responds with pages: scripts and styles by nonce.
    #[must_use]
    pub fn html() -> Self {
        Self::known_good(preset::html())
    }

    /// Creates a layer with the headers of Helmet 8, in its order and byte for byte, on every response.
    ///
    /// As in Helmet, `Strict-Transport-Security` is sent over http as well; `.header(Hsts::new())` restricts it to
    /// https, if the client's scheme is known.
    #[must_use]
    pub fn helmet() -> Self {
        Self::known_good(preset::helmet())
    }

    /// Creates a layer without headers; `Server` and `X-Powered-By` are still removed.
    #[must_use]
    pub fn none() -> Self {
        Self::known_good(Config::new([]))
    }

    /// Creates a layer with exactly these headers.
    ///
    /// # Errors
    ///
    /// Returns every error in the headers, and every conflict between them.
    pub fn try_new(headers: impl IntoIterator<Item = SecurityHeader>) -> Result<Self, ConfigError> {
        Self::of(Config::new(headers))
    }

    /// Sends this header, and replaces the previous value of the same one.
    ///
    /// # Panics
    ///
    /// If the header is invalid or conflicts with earlier settings: HSTS with an invalid preload, a list of referrer
    /// policies with a duplicate, a nonce that is the same in every response, a `report-to` without an
    /// [`endpoint`](Self::endpoint) of that name.
    #[must_use]
    pub fn header(self, header: impl Into<SecurityHeader>) -> Self {
        self.changed(|config| config.set(header.into()))
    }

    /// Omits this header. (`Reporting-Endpoints` follows the policies that name endpoints.)
    #[must_use]
    pub fn without(self, header: Header) -> Self {
        self.changed(|config| {
            config.headers.remove(&header);
        })
    }

    /// Adds an endpoint that a parsed policy may name. A built policy contains its own.
    ///
    /// # Panics
    ///
    /// If another endpoint has this name.
    #[must_use]
    pub fn endpoint(self, endpoint: Endpoint) -> Self {
        self.changed(|config| config.endpoints.push(endpoint))
    }

    /// Sends these headers even if the service has set them, and replaces its values.
    ///
    /// By default the service's own header is kept, so that a route can be stricter than the rest, and no header is
    /// sent twice. A [`SecurityPatch`](crate::SecurityPatch) applies in either case.
    #[must_use]
    pub fn force(self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.changed(|config| config.forced.extend(headers))
    }

    /// Removes these headers from responses as well. By default `Server` and `X-Powered-By` are removed.
    ///
    /// # Panics
    ///
    /// If clients need one of them to read the response, such as `content-length` or `content-encoding`.
    #[must_use]
    pub fn remove(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.changed(|config| config.removed.extend(names))
    }

    /// Keeps this header of the service, for example `Server`.
    #[must_use]
    pub fn keep(self, name: &HeaderName) -> Self {
        self.changed(|config| config.removed.retain(|removed| removed != name))
    }

    /// Enables the layer. Default: true. A disabled layer keeps all types and passes responses through.
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
