use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ConfigError;
use http::{Request, Response};
use tower_service::Service;

use super::{HealthBody, Paths, answer::answer, config::Config, format::Format};
use crate::{Details, Health};

/// A service that answers probes, for an admin listener, created by [`Health::service`].
///
/// The service works with hyper, and in an axum router as `fallback_service`, `route_service` or `nest_service`. A
/// request for another path gets a 404.
///
/// # Example
///
/// ```
/// use battlement_health::{Details, Health};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let health = Health::new();
/// let service = health.service().details(Details::Full);
/// let admin: axum::Router = axum::Router::new().fallback_service(service);
/// # }
/// ```
#[derive(Clone)]
pub struct HealthService {
    config: Arc<Config>,
}

impl Health {
    /// Returns a service that answers probes on the default [`Paths`].
    #[must_use]
    pub fn service(&self) -> HealthService {
        let config =
            Arc::new(Config::new(self, Paths::default().into_preset(), self.default_details()));
        HealthService { config }
    }
}

impl HealthService {
    /// Sets the parts of a result that answers show. Default: those of the registry, [`Details::Public`] unless set.
    #[must_use]
    pub fn details(self, details: Details) -> Self {
        self.configure(|config| config.details = details)
    }

    /// Sets the paths.
    ///
    /// # Panics
    ///
    /// If a path is invalid or a duplicate, or if there is no path.
    #[must_use]
    pub fn paths(self, paths: Paths) -> Self {
        match self.try_paths(paths) {
            Ok(service) => service,
            Err(error) => panic!("HealthService: {error}"),
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

    /// Sets the format for callers that do not ask for one. Default: [`Format::Text`], and [`Format::Health`] for the
    /// path of all checks.
    #[must_use]
    pub fn format(self, format: Format) -> Self {
        self.configure(|config| config.format = format)
    }

    /// Sets whether health+json contains the version of the service. Default: with [`Details::Full`].
    #[must_use]
    pub fn version(self, shown: bool) -> Self {
        self.configure(|config| config.version = Some(shown))
    }

    /// Sets whether health+json contains the time since the registry was created. Default: with [`Details::Full`].
    #[must_use]
    pub fn uptime(self, shown: bool) -> Self {
        self.configure(|config| config.uptime = Some(shown))
    }

    /// Sets whether health+json contains the id of the process. Default: with [`Details::Full`].
    #[must_use]
    pub fn pid(self, shown: bool) -> Self {
        self.configure(|config| config.pid = Some(shown))
    }

    /// Sets whether health+json reports that the service is draining. Default: yes.
    #[must_use]
    pub fn draining(self, shown: bool) -> Self {
        self.configure(|config| config.draining = shown)
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<HealthBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let found = self.config.targets.find(request.uri().path());
        ready(Ok(answer(&self.config, &request, found).map(HealthBody::new)))
    }
}

impl fmt::Debug for HealthService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { targets, details, format, .. } = &*self.config;
        f.debug_struct("HealthService")
            .field("paths", targets)
            .field("details", details)
            .field("format", format)
            .finish_non_exhaustive()
    }
}
