use std::{fmt, sync::Arc};

use battlement_core::ConfigError;
use tower_layer::Layer;

use super::{HealthProbes, Paths, config::Config, format::Format};
use crate::{Details, Health};

/// A layer that answers probes in front of a service, for a router that the public reaches.
///
/// Prefer [`Health::service`] on an admin listener: it answers probes while the public listener is overloaded, and is
/// not reachable from outside. The layer answers `/livez` and `/readyz` with the checks under them, so that it does not
/// hide a `/health` of the service. Reasons are withheld.
///
/// In axum, add it to the outermost router: the layers of a nested one do not see requests for paths without a route.
///
/// The layer is ready when the inner service is ready. If that service waits for a permit, as tower's `ConcurrencyLimit`
/// does, probes wait as well: add this layer in a later `Router::layer`, not in the same `ServiceBuilder`.
///
/// # Example
///
/// ```
/// use axum::{Router, routing::get};
/// use battlement_health::{Health, HealthLayer};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let health = Health::new();
/// let app: Router = Router::new().route("/", get("hello")).layer(HealthLayer::new(&health));
/// # }
/// ```
#[derive(Clone)]
pub struct HealthLayer {
    config: Arc<Config>,
}

impl HealthLayer {
    /// Creates a layer that answers `/livez` and `/readyz`.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        let targets = Paths::public().into_preset();
        Self { config: Arc::new(Config::new(health, targets, Details::Public)) }
    }

    /// Answers all the default [`Paths`], as [`Health::service`] does.
    #[must_use]
    pub fn all_paths(self) -> Self {
        self.paths(Paths::default())
    }

    /// Sets the paths that the layer answers.
    ///
    /// # Panics
    ///
    /// If a path is invalid or a duplicate, or if there is no path.
    #[must_use]
    pub fn paths(self, paths: Paths) -> Self {
        match self.try_paths(paths) {
            Ok(layer) => layer,
            Err(error) => panic!("HealthLayer: {error}"),
        }
    }

    /// Sets the paths, or returns every error; see [`paths`](Self::paths).
    ///
    /// # Errors
    ///
    /// With every invalid path.
    pub fn try_paths(mut self, paths: Paths) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.config).set_paths(paths)?;
        Ok(self)
    }

    /// Sets the parts of a result that answers show. Default: [`Details::Public`], also if the registry has another.
    #[must_use]
    pub fn details(self, details: Details) -> Self {
        self.configure(|config| config.details = details)
    }

    /// Sets the format for callers that do not ask for one. Default: [`Format::Text`], and [`Format::Health`] for the
    /// path of all checks.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        self.configure(|config| config.format = format)
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes requests through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<S> Layer<S> for HealthLayer {
    type Service = HealthProbes<S>;

    fn layer(&self, inner: S) -> HealthProbes<S> {
        HealthProbes::new(inner, Arc::clone(&self.config))
    }
}

impl fmt::Debug for HealthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { targets, details, format, enabled, .. } = &*self.config;
        f.debug_struct("HealthLayer")
            .field("paths", targets)
            .field("details", details)
            .field("format", format)
            .field("enabled", enabled)
            .finish_non_exhaustive()
    }
}
