//! The service with its layers.

use battlement::{
    access_log::{AccessLogLayer, Skip},
    client_ip::ClientIpLayer,
    health::{Health, Probe, grpc::HealthServer},
    metrics::{
        Exposition, HttpMetrics, rate_limit::RateLimitMetrics, shutdown::ShutdownMetrics,
        timeout::TimeoutMetrics,
    },
    problem::ProblemLayer,
    rate_limit::{Key, Policy, RateLimitLayer},
    request_id::RequestIdLayer,
    shutdown::{Phase, Report, Shutdown},
    timeout::DeadlineLayer,
};
use tokio::net::TcpListener;
use tonic::{service::LayerExt, transport::Server};
use tower::{ServiceBuilder, layer::layer_fn, util::MapRequestLayer};

use crate::{
    Admin, Settings, Stock,
    connections::{accept, extend},
    faults::Faults,
    faulty::Faulty,
    proto::inventory_server::InventoryServer,
    service::StockService,
};

/// The methods of the gRPC health protocol.
const PROBES: [&str; 3] =
    ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List", "/grpc.health.v1.Health/Watch"];

/// The inventory service, before it is started: its stock, its metrics and its rate limit.
pub struct Inventory {
    stock: Stock,
    faults: Faults,
    faults_allowed: bool,
    metrics: HttpMetrics,
    limit: RateLimitLayer,
    limit_metrics: RateLimitMetrics,
    timeouts: TimeoutMetrics,
    stops: ShutdownMetrics,
}

impl Inventory {
    /// Creates a service that keeps `stock`.
    #[must_use]
    pub fn new(stock: Stock, settings: Settings) -> Self {
        let metrics = HttpMetrics::builder()
            // Shown as 0 from the start, so that an alert on failed calls sees the first failure.
            .grpc_methods("inventory.v1.Inventory", ["Reserve", "Release", "Available"])
            .build();
        let limit_metrics = RateLimitMetrics::new();
        let policy = Policy::per_minute("address", settings.per_minute.get());
        let (limit, handle) =
            RateLimitLayer::new(policy, Key::client_ip()).observe(limit_metrics.clone()).pair();
        limit_metrics.watch("address", &handle);
        Self {
            stock,
            faults: Faults::default(),
            faults_allowed: settings.faults,
            metrics,
            limit,
            limit_metrics,
            timeouts: TimeoutMetrics::new(),
            stops: ShutdownMetrics::new(),
        }
    }

    /// Returns the endpoints for operators, with the probes of `health`.
    #[must_use]
    pub fn admin(&self, health: &Health) -> Admin {
        let faults = self.faults_allowed.then(|| self.faults.clone());
        Admin { page: self.exposition().health(health), faults, health: health.clone() }
    }

    /// Returns the page for Prometheus.
    fn exposition(&self) -> Exposition {
        Exposition::new()
            .metrics(&self.metrics)
            .rate_limit(&self.limit_metrics)
            .timeout(&self.timeouts)
            .shutdown(&self.stops)
            .process()
            .build_info([("version", env!("CARGO_PKG_VERSION"))])
    }
}

impl Default for Inventory {
    fn default() -> Self {
        Self::new(Stock::of_shop(), Settings::default())
    }
}

/// Serves calls on `listener` until `shutdown` is triggered, then finishes those in flight. The gRPC health protocol is
/// answered from `health`.
pub async fn serve(
    listener: TcpListener,
    inventory: Inventory,
    health: &Health,
    shutdown: Shutdown,
) -> anyhow::Result<Report> {
    tracing::info!("inventory listens on http://{}", listener.local_addr()?);
    let Inventory { stock, faults, metrics, limit, timeouts, stops, .. } = inventory;
    let shutdown = shutdown.observe(stops);
    let connections = accept(listener, faults.clone());
    let layers = ServiceBuilder::new()
        // Adds the address of the peer, for the limit, and the means to reset its connection.
        .layer(MapRequestLayer::new(extend))
        // Outside every layer that responds, so that every response has an id. The id of the caller in `x-request-id` is
        // kept, so that one order has one id in all services, and every log line contains it.
        .layer(RequestIdLayer::new())
        // The client is the peer, since no proxy is trusted.
        .layer(ClientIpLayer::new())
        // Logs each call once, when it is over; of probes, only those that fail.
        .layer(AccessLogLayer::new().skip(Skip::paths(PROBES)))
        // Counts each call once, with its gRPC status. Outside every layer that responds.
        .layer(metrics.grpc_layer())
        // Counts calls in flight.
        .layer(shutdown.layer())
        // Turns errors and panics into a gRPC status, also the rejections of the limit.
        .layer(ProblemLayer::new())
        // Ends a call when its caller no longer waits for it, which `grpc-timeout` says, or after 30 seconds.
        .layer(DeadlineLayer::new().observe(timeouts));
    // Not around the health protocol, whose calls are neither limited nor fail by command.
    let inventory = ServiceBuilder::new()
        .layer(limit)
        // Lets calls fail by command, to see what their callers do.
        .layer(layer_fn(move |inner| Faulty { inner, faults: faults.clone() }))
        .named_layer(InventoryServer::new(StockService::new(stock)));
    let server = Server::builder()
        .layer(layers)
        .add_service(inventory)
        .add_service(HealthServer::new(health).service("inventory.v1.Inventory", Probe::Ready))
        .serve_with_incoming_shutdown(connections, shutdown.phases().reached(Phase::Stopping));
    Ok(shutdown.run(server).await)
}
