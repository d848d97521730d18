use std::{
    borrow::Cow,
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ConfigError;
use tonic::{
    body::Body,
    codegen::{BoxFuture, StdError},
    server::NamedService,
};
use tower_service::Service;

use super::{
    answers::Answers, proto::health_server, registration::ServiceRegistration, services::Services,
    watch_limit::WatchLimit,
};
use crate::{Health, Probe};

/// The most Watches that may be open by default.
const WATCHES: usize = 10_000;

/// The largest request, in bytes: a name that can be registered, with room to spare.
const LARGEST: usize = 1024;

/// A server of the [gRPC health protocol] for tonic: Check, List and Watch.
///
/// The empty name is the whole server, which is SERVING while readiness does not fail. Services are added by
/// [`service`](Self::service), or at run time by [`register`](Self::register). Clones share the services.
///
/// | | |
/// |---|---|
/// | a probe that passes or is degraded | SERVING |
/// | a probe that fails, or a service that is switched off | NOT_SERVING |
/// | an unknown service | Check: NOT_FOUND; Watch: SERVICE_UNKNOWN, until it is registered |
/// | a status that has not changed | not sent again |
/// | a client that reads slowly | the latest status, without a queue |
/// | more than 100 services | List: RESOURCE_EXHAUSTED, as the protocol says |
/// | more open Watches than [`max_watches`](Self::max_watches) | Watch: RESOURCE_EXHAUSTED |
/// | the drain begins | NOT_SERVING, then every Watch ends with OK, also one of an unknown service |
/// | a Watch that begins during the drain | UNAVAILABLE, after which clients back off |
///
/// A service of [`Probe::Live`] keeps its status during the drain: the kubelet would otherwise kill the process in
/// the middle of it.
///
/// [gRPC health protocol]: https://github.com/grpc/grpc/blob/master/doc/health-checking.md
///
/// # Example
///
/// ```
/// use battlement_health::{Health, Probe, grpc::HealthServer};
/// use tonic::service::Routes;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let health = Health::new();
/// let server = HealthServer::new(&health)
///     .service("shop.v1.Orders", Probe::Ready) // or `OrdersServer::<Orders>::NAME`
///     .service("liveness", Probe::Live);
/// let routes = Routes::new(server); // or `tonic::transport::Server::builder().add_service(server)`
/// # let _ = routes;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HealthServer(Arc<Answers>);

impl HealthServer {
    /// Creates a server with the empty name alone, which has the status of readiness.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        let services = Arc::new(Services::new());
        let watches = Arc::new(WatchLimit::new(WATCHES));
        Self(Arc::new(Answers { health: health.clone(), services, watches }))
    }

    /// Adds a service, which has the status of `probe`.
    ///
    /// # Panics
    ///
    /// If the name is empty, is longer than 256 bytes, contains characters other than visible ASCII, or is taken.
    #[must_use]
    pub fn service(self, name: impl Into<Cow<'static, str>>, probe: Probe) -> Self {
        if let Err(error) = self.0.services.insert(&name.into(), probe) {
            panic!("{error}");
        }
        self
    }

    /// Limits the number of Watches that are open at the same time, 10,000 by default.
    ///
    /// A gRPC client with health checks keeps one open for each connection. An open Watch holds the requested name, of
    /// at most 1 KiB, and queues no messages.
    #[must_use]
    pub fn max_watches(self, max: usize) -> Self {
        let watches = Arc::new(WatchLimit::new(max));
        Self(Arc::new(Answers { watches, ..Answers::clone(&self.0) }))
    }

    /// Adds a service at run time. Each Watch that waits for its name gets its status.
    ///
    /// # Errors
    ///
    /// If the name is empty, is longer than 256 bytes, contains characters other than visible ASCII, or is taken.
    pub fn register(
        &self,
        name: impl Into<Cow<'static, str>>,
        probe: Probe,
    ) -> Result<ServiceRegistration, ConfigError> {
        let name = name.into();
        self.0.services.insert(&name, probe)?;
        Ok(ServiceRegistration::new(name, Arc::clone(&self.0.services)))
    }

    /// Returns the number of open Watches.
    #[must_use]
    pub fn open_watches(&self) -> usize {
        self.0.watches.open()
    }
}

impl<B> Service<http::Request<B>> for HealthServer
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        health_server::HealthServer::from_arc(Arc::clone(&self.0))
            .max_decoding_message_size(LARGEST)
            .call(request)
    }
}

/// The name `grpc.health.v1.Health`, under which tonic routes the calls.
impl NamedService for HealthServer {
    const NAME: &'static str = health_server::SERVICE_NAME;
}
