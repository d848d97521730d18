//! The service with its layers.

use std::{hash::RandomState, sync::Arc};

use battlement::{
    access_log::AccessLogLayer,
    client_ip::ClientIpLayer,
    health::Health,
    metrics::{
        Exposition, HttpMetrics, rate_limit::RateLimitMetrics, serve::ServeMetrics,
        shutdown::ShutdownMetrics, timeout::TimeoutMetrics,
    },
    problem::ProblemLayer,
    rate_limit::{Key, Policy, RateLimitLayer},
    request_id::RequestIdLayer,
    security_headers::SecurityHeadersLayer,
    shutdown::{Report, Shutdown},
    timeout::{DeadlineLayer, TimeoutHeader},
};
use http::Method;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, util::MapRequestLayer};

use crate::{
    Admin, Ledger, Settings, connections,
    faults::Faults,
    idempotency::{self, Once},
    routes::{self, Shared},
};

/// The payments service, before it is started: its ledger, its metrics and its limits.
pub struct Payments {
    shared: Shared,
    faults_allowed: bool,
    metrics: HttpMetrics,
    limit: RateLimitLayer,
    limit_metrics: RateLimitMetrics,
    deadline: DeadlineLayer,
    timeouts: TimeoutMetrics,
    connections: ServeMetrics,
    stops: ShutdownMetrics,
}

impl Payments {
    /// Creates a service that charges orders in `ledger`.
    #[must_use]
    pub fn new(ledger: Ledger, settings: &Settings) -> Self {
        let metrics = HttpMetrics::builder()
            // Shown as 0 from the start, so that an alert on failed charges sees the first failure.
            .known_route(Method::POST, routes::CHARGES)
            .build();
        let limit_metrics = RateLimitMetrics::new();
        let policy = Policy::per_minute("address", settings.per_minute.get());
        let (limit, handle) =
            RateLimitLayer::new(policy, Key::client_ip()).observe(limit_metrics.clone()).pair();
        limit_metrics.watch("address", &handle);
        let timeouts = TimeoutMetrics::new();
        let deadline = DeadlineLayer::new()
            .header(TimeoutHeader::default())
            .trust_peers(settings.trusted_peers.networks().iter().copied())
            .observe(timeouts.clone());
        let shared = Shared {
            ledger: Arc::new(ledger),
            answers: Once::new(settings.keys),
            faults: Faults::default(),
            fingerprints: RandomState::new(),
        };
        let faults_allowed = settings.faults;
        Self {
            shared,
            faults_allowed,
            metrics,
            limit,
            limit_metrics,
            deadline,
            timeouts,
            connections: ServeMetrics::new(),
            stops: ShutdownMetrics::new(),
        }
    }

    /// Returns the endpoints for operators, with the probes of `health`.
    #[must_use]
    pub fn admin(&self, health: &Health) -> Admin {
        let Shared { ledger, faults, .. } = self.shared.clone();
        let faults = self.faults_allowed.then_some(faults);
        Admin { page: self.exposition().health(health), ledger, faults, health: health.clone() }
    }

    /// Returns the page for Prometheus.
    fn exposition(&self) -> Exposition {
        Exposition::new()
            .metrics(&self.metrics)
            .rate_limit(&self.limit_metrics)
            .timeout(&self.timeouts)
            .serve(&self.connections)
            .shutdown(&self.stops)
            .registry(idempotency::registry(self.shared.answers.clone()))
            .process()
            .build_info([("version", env!("CARGO_PKG_VERSION"))])
    }
}

impl Default for Payments {
    fn default() -> Self {
        Self::new(Ledger::default(), &Settings::default())
    }
}

/// Serves requests on `listener` until `shutdown` is triggered, then finishes those in flight.
pub async fn serve(
    listener: TcpListener,
    payments: Payments,
    shutdown: Shutdown,
) -> anyhow::Result<Report> {
    tracing::info!("payments listens on http://{}", listener.local_addr()?);
    let Payments { shared, metrics, limit, deadline, connections, stops, .. } = payments;
    let shutdown = shutdown.observe(stops);
    let faults = shared.faults.clone();
    let service = ServiceBuilder::new()
        // Outermost, so that every response has an id. The id of the caller in `x-request-id` is kept, so that one
        // order has one id in all services, and every log line contains it.
        .layer(RequestIdLayer::new())
        .layer(MapRequestLayer::new(routes::note))
        // The client is the peer, since no proxy is trusted.
        .layer(ClientIpLayer::new())
        // Logs each request once, when it is over. Probes do not pass here: they have a listener of their own.
        .layer(AccessLogLayer::new())
        // Counts each request once, when its response is over. Outside every layer that responds.
        .layer(metrics.server_layer())
        .layer(SecurityHeadersLayer::api())
        // Counts requests in flight, and asks clients to close their connections once the process is to stop.
        .layer(shutdown.layer())
        // Turns errors and panics into problems, also the rejections of the limit.
        .layer(ProblemLayer::new())
        // Ends a request when its caller no longer waits for it, or after 30 seconds.
        .layer(deadline)
        .layer(limit)
        .service_fn(move |request| {
            let shared = shared.clone();
            async move { routes::respond(&shared, request).await }
        });
    let server = connections::server(listener, faults).phases(shutdown.phases());
    Ok(shutdown.run(server.observe(connections).serve(service)).await)
}
