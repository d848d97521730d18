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

use super::{cores::Core, ours, peer};

/// What is answered to all that pass.
pub(super) const BODY: &str = r#"{"id":"teapot","name":"Teapot","price_cents":3800}"#;
pub(super) const PATH: &str = "/products/teapot";

/// A server in a process of its own, so that it has a core to itself. It is killed when this value is dropped.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    process: Child,
}

impl Server {
    pub(super) fn start(what: &str, redis: &str) -> Result<Self> {
        let program = env::current_exe()?;
        let mut process =
            Command::new(program).args(["serve", what, redis]).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("it was piped")?;
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
        // It fails where the process has ended, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until it is killed; says where on its first line.
pub(super) async fn serve(what: &str, redis: &str) -> Result<()> {
    Core(0).pin()?;
    let router = Router::new().route("/products/{id}", get(async || BODY));
    let router = match what {
        "bare" => router,
        "ours" => router.layer(ours::layer(redis)?),
        "peer" => router.layer(peer::layer(redis).await?),
        "shop" => around(router),
        "shop-ours" => around(router.layer(ours::layer(redis)?)),
        _ => bail!("there is no {what}"),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(axum::serve::ListenerExt::tap_io(listener, nodelay), router).await?)
}

/// What the storefront puts around its routes, as far as that needs to know nothing of the connection.
fn around(router: Router) -> Router {
    let layers = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(HttpMetrics::new().server_layer())
        .layer(SecurityHeadersLayer::html())
        .layer(ProblemLayer::new());
    router.layer(layers)
}

fn nodelay(stream: &mut tokio::net::TcpStream) {
    // It only fails on a connection that is gone, as reading from it will show.
    let _ = stream.set_nodelay(true);
}
