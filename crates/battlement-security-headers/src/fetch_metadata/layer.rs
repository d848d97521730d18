use std::{fmt, sync::Arc, time::Duration};

use battlement_core::{ConfigError, LogLimit};
use http::request::Parts;
use tower_layer::Layer;

use super::{FetchMetadata, decide::allows, exempt};

/// Turns away what pages of other sites ask for, but for links that users follow.
///
/// Browsers say whose page made a request (`Sec-Fetch-Site`, `-Mode`, `-Dest`), and no page can change
/// what they say. A request without these comes from no browser, or from one older than 2023, and passes;
/// so it stands beside tokens against forged requests, not in their place. It answers with 403, which over HTTP/1
/// closes the connection if a body of more than 8 KiB or of unknown length was not read.
///
/// An API that other sites are meant to call, fonts and images that they are meant to embed have to be
/// exempted. Begin with [`report_only`](Self::report_only), and read the log.
///
/// # Beside tower-http's layers
///
/// - `cors` says who may read an answer; it stands further out, for it answers preflights, which are
///   cross-site by their nature and must not reach this layer.
/// - `csrf` looks at requests that change something. This one also keeps other sites from embedding what
///   GET gives, be it to time it or to read it through a hole of the processor.
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
    /// Bounds what `report_only` logs.
    pub(super) log: Arc<LogLimit>,
}

const LOG_PERIOD: Duration = Duration::from_secs(60);

impl FetchMetadataLayer {
    /// Turns requests away, with no exemptions.
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

    /// Whether requests that would be rejected pass and are only logged. Default: no.
    ///
    /// One of them is logged at WARN each minute, with the number of those that were not.
    #[must_use]
    pub fn report_only(self, yes: bool) -> Self {
        self.changed(|policy| policy.report_only = yes)
    }

    /// Whether pages of the same site and another origin count as one's own. Default: yes.
    ///
    /// Not where others have pages under the same domain.
    #[must_use]
    pub fn same_site(self, yes: bool) -> Self {
        self.changed(|policy| policy.same_site = yes)
    }

    /// Paths that pages of other sites may ask for. One that ends with `/` stands for all below it.
    ///
    /// A layer on one route alone exempts all the others as well.
    ///
    /// # Panics
    ///
    /// If one is not a path that a request can have, as `fonts/` and `/fonts/*` are not.
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
    /// Every one that is not a path that a request can have.
    pub fn try_exempt_paths<P: Into<String>>(
        self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Self, ConfigError> {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        ConfigError::check("fetch metadata", exempt::mistakes(&paths), ())?;
        Ok(self.changed(|policy| policy.paths.extend(paths)))
    }

    /// Requests that pages of other sites may make, as by their route, in the place of an earlier closure.
    #[must_use]
    pub fn exempt(self, test: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|policy| policy.exempt = Some(Arc::new(test)))
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
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
    /// Whether the request may pass.
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
