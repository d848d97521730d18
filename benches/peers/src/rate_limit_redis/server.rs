use std::{
    env,
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};
use axum::{Router, routing::get};
use battlement_metrics::HttpMetrics;
use battlement_problem::ProblemLayer;
use battlement_request_id::RequestIdLayer;
use battlement_security_headers::SecurityHeadersLayer;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

use super::{ours, peer};
use crate::measure::cores::Core;

/// The body of every successful response.
pub(super) const BODY: &str = r#"{"id":"teapot","name":"Teapot","price_cents":3800}"#;
pub(super) const PATH: &str = "/products/teapot";

/// A server in a process of its own, pinned to its own core. Dropping this value kills the process.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    process: Child,
}

impl Server {
    pub(super) fn start(kind: &str, redis: &str) -> Result<Self> {
        let program = env::current_exe()?;
        let mut process =
            Command::new(program).args(["serve", kind, redis]).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("the server's output is not piped")?;
        let mut server = Self { addr: (Ipv4Addr::LOCALHOST, 0).into(), process };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        server.addr = line.trim().parse().context("the server did not start")?;
        Ok(server)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error means that the process has already exited.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Prints the server's address and serves until the process is killed.
pub(super) async fn serve(kind: &str, redis: &str) -> Result<()> {
    Core(0).pin()?;
    let router = Router::new().route("/products/{id}", get(async || BODY));
    let router = match kind {
        "bare" => router,
        "ours" => router.layer(ours::layer(redis)?),
        "peer" => router.layer(peer::layer(redis).await?),
        "shop" => with_storefront_layers(router),
        "shop-ours" => with_storefront_layers(router.layer(ours::layer(redis)?)),
        _ => bail!("unknown server kind {kind:?}"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, nodelay), router).await?)
}

/// Adds the storefront's layers, except those that need to know the connection.
fn with_storefront_layers(router: Router) -> Router {
    let layers = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(HttpMetrics::new().server_layer())
        .layer(SecurityHeadersLayer::html())
        .layer(ProblemLayer::new());
    router.layer(layers)
}

fn nodelay(stream: &mut tokio::net::TcpStream) {
    // This fails only on a closed connection, which the next read reports.
    let _ = stream.set_nodelay(true);
}
