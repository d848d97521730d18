use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{ConfigError, LogLimit};
use http::request::Parts;
use tower_layer::Layer;

use super::{FetchMetadata, decide::allows, exempt};

/// A layer that rejects requests from pages of other sites, except for links that users follow.
///
/// Browsers report which page made a request (`Sec-Fetch-Site`, `-Mode`, `-Dest`), and pages cannot change the report.
/// A request without these headers comes from another client, or from a browser older than 2023, and is allowed; so
/// the layer complements tokens against forged requests, and does not replace them. It responds with 403, which over
/// HTTP/1 closes the connection if a body of more than 8 KiB or of unknown length was not read.
///
/// Exempt an API that other sites are meant to call, and fonts and images that they are meant to embed. Start with
/// [`report_only`](Self::report_only), and read the log.
///
/// # With tower-http's layers
///
/// - `cors` decides who may read a response; it goes further out, because it responds to preflights, which are
///   cross-site by nature and must not reach this layer.
/// - `csrf` checks requests with unsafe methods. This layer also prevents other sites from embedding the responses of
///   GET, whether to measure their timing or to read them through a vulnerability of the processor.
///
/// # Example
///
/// ```
/// use battlement_security_headers::FetchMetadataLayer;
///
/// let layer = FetchMetadataLayer::new()
///     .exempt_paths(["/fonts/", "/webhooks/payments"])
///     .report_only(true);
/// ```
#[derive(Clone)]
pub struct FetchMetadataLayer {
    policy: Arc<Policy>,
}

type Exempt = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

#[derive(Clone)]
pub(super) struct Policy {
    pub(super) enabled: bool,
    pub(super) report_only: bool,
    same_site: bool,
    paths: Vec<String>,
    exempt: Option<Exempt>,
    /// The limit of `report_only`'s log lines.
    pub(super) log: Arc<LogLimit>,
}

const LOG_PERIOD: Duration = Duration::from_secs(60);

impl FetchMetadataLayer {
    /// Creates a layer that rejects requests, without exemptions.
    #[must_use]
    pub fn new() -> Self {
        let policy = Policy {
            enabled: true,
            report_only: false,
            same_site: true,
            paths: Vec::new(),
            exempt: None,
            log: Arc::new(LogLimit::per(LOG_PERIOD)),
        };
        Self { policy: Arc::new(policy) }
    }

    /// Allows requests that would be rejected, and logs them. Default: false.
    ///
    /// At most one such request is logged per minute, at WARN, with the number of suppressed log lines.
    #[must_use]
    pub fn report_only(self, yes: bool) -> Self {
        self.changed(|policy| policy.report_only = yes)
    }

    /// Treats pages of the same site and another origin as pages of the same origin. Default: true.
    ///
    /// Disable this if other parties publish pages under the same domain.
    #[must_use]
    pub fn same_site(self, yes: bool) -> Self {
        self.changed(|policy| policy.same_site = yes)
    }

    /// Exempts paths that pages of other sites may request. A path that ends with `/` includes all paths below it.
    /// Applying the layer to a single route exempts all other routes, too.
    ///
    /// # Panics
    ///
    /// If a request cannot have one of the paths, as `fonts/` and `/fonts/*`.
    #[must_use]
    pub fn exempt_paths<P: Into<String>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        match self.try_exempt_paths(paths) {
            Ok(layer) => layer,
            Err(error) => panic!("FetchMetadataLayer: {error}"),
        }
    }

    /// Exempts paths that come from outside the program, as [`exempt_paths`](Self::exempt_paths) does.
    ///
    /// # Errors
    ///
    /// Returns every path that a request cannot have.
    pub fn try_exempt_paths<P: Into<String>>(
        self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Self, ConfigError> {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        ConfigError::check("fetch metadata", exempt::invalid_fields(&paths), ())?;
        Ok(self.changed(|policy| policy.paths.extend(paths)))
    }

    /// Exempts requests for which `test` returns true, as by their route, and replaces an earlier closure.
    #[must_use]
    pub fn exempt(self, test: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|policy| policy.exempt = Some(Arc::new(test)))
    }

    /// Enables the layer. Default: true. A disabled layer keeps all types and passes requests through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|policy| policy.enabled = enabled)
    }

    fn changed(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(Arc::make_mut(&mut self.policy));
        self
    }
}

impl Policy {
    /// Returns whether the request is allowed.
    pub(super) fn allows(&self, parts: &Parts) -> bool {
        allows(&parts.method, &parts.headers, self.same_site)
            || self.paths.iter().any(|path| exempt::covers(path, parts.uri.path()))
            || self.exempt.as_ref().is_some_and(|exempt| exempt(parts))
    }
}

impl Default for FetchMetadataLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FetchMetadataLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.policy.fmt(f)
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchMetadata")
            .field("enabled", &self.enabled)
            .field("report_only", &self.report_only)
            .field("same_site", &self.same_site)
            .field("paths", &self.paths)
            .field("exempt", &self.exempt.is_some())
            .finish()
    }
}

impl<S> Layer<S> for FetchMetadataLayer {
    type Service = FetchMetadata<S>;

    fn layer(&self, inner: S) -> FetchMetadata<S> {
        FetchMetadata::new(inner, Arc::clone(&self.policy))
    }
}
