//! The first example of the crate page.
use axum::{Router, http::StatusCode as Code, routing::get};
use battlement_serve::{Listener, Server};
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shutdown = battlement_shutdown::Shutdown::new();
    let (phases, addr) = (shutdown.phases(), std::env::args().nth(1).expect("an address"));
    let up = async move || if phases.is_draining() { Code::SERVICE_UNAVAILABLE } else { Code::OK };
    let app = Router::new().route("/", get("hello\n")).route("/readyz", get(up));
    let app = app.layer((battlement_request_id::RequestIdLayer::new(), shutdown.layer()));
    let server = Server::new(Listener::tcp(addr).await?).phases(shutdown.phases());
    shutdown.run(server.serve(app)).await.exit()
}
