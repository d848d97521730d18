//! The endpoints for operators: metrics and probes, on a listener of its own that customers cannot reach.

use std::{io, sync::Arc};

use axum::{Router, routing::get_service};
use battlement::{
    client_ip::ClientIpLayer,
    health::{Details, Health},
    metrics::{Exposition, HttpMetrics, serve::ServeMetrics},
    serve::{Limits as ServerLimits, Listener, Phases, Server},
    shutdown::{Phase, Shutdown},
};
use http::Method;
use tokio::{net::TcpListener, runtime::Handle};

use crate::{
    breakers::Breakers, limits::Limits, retries::Retries, sales::Sales, timeouts::Timeouts,
};

/// The maximum number of connections. They do not count in the limit of the shop, so that operators are answered while
/// customers, or attackers, have all of its connections.
const CONNECTIONS: usize = 32;

/// Creates the metrics of the shop's requests and of its calls to other services.
pub fn metrics() -> HttpMetrics {
    HttpMetrics::builder()
        // Shown as 0 from the start, so that an alert on failed orders sees the first failure.
        .known_route(Method::POST, "/orders")
        // Named in advance: without this, the calls of a method are `_OTHER` until one of them succeeds.
        .grpc_methods("inventory.v1.Inventory", ["Reserve", "Release", "Available"])
        .build()
}

/// Returns the page for Prometheus.
pub fn page(
    metrics: &HttpMetrics,
    client_ip: &ClientIpLayer,
    limits: &Limits,
    timeouts: &Timeouts,
    retries: &Retries,
    breakers: &Breakers,
    sales: &Sales,
) -> Exposition {
    let page = Exposition::new().metrics(metrics).client_ip(client_ip);
    breakers
        .add_to(retries.add_to(timeouts.add_to(limits.add_to(page))))
        .process()
        // The runtime of the shop: the page is made there, and served on another one.
        .runtime(&Handle::current())
        .registry(Arc::new(sales.registry()))
        .build_info([("version", env!("CARGO_PKG_VERSION"))])
}

/// Serves the page at `/metrics`, and the probes at `/livez`, `/readyz` and `/startupz` with the reason of each check. The
/// server has a thread of its own, so that it answers while handlers block all others, and ends last, so that the last
/// requests can be scraped as well.
pub fn serve(
    listener: TcpListener,
    shutdown: Shutdown,
    page: Exposition,
    health: &Health,
    connections: ServeMetrics,
) -> io::Result<Shutdown> {
    let probes = health.service().details(Details::Full);
    let app = Router::new().route("/metrics", get_service(page)).fallback_service(probes);
    let done = shutdown.phases().reached(Phase::Done);
    let limits = ServerLimits::new().connections(CONNECTIONS);
    // Moves the listener to the runtime of that thread, which wakes the server also while the shop's is blocked.
    let listener = listener.into_std()?;
    shutdown.admin_thread(move || async move {
        // Its last scrape is answered after the shop has ended.
        let (end, phases) = Phases::new();
        tokio::spawn(async move {
            done.await;
            end.advance(Phase::Draining);
        });
        let listener = Listener::from(TcpListener::from_std(listener)?).name("admin");
        let server = Server::new(listener).limits(limits).phases(phases).observe(connections);
        server.serve(app).await
    })
}
