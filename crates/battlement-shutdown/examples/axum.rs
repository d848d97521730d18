//! The first example of the crate page.
use axum::{Router, http::StatusCode as Code, routing::get};
use battlement_shutdown::{Phase, Shutdown};
#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (shutdown, addr) = (Shutdown::new(), std::env::args().nth(1).expect("an address"));
    let (phases, stop) = (shutdown.phases(), shutdown.phases().reached(Phase::Stopping));
    let up = async move || if phases.is_draining() { Code::SERVICE_UNAVAILABLE } else { Code::OK };
    let app = Router::new().route("/", get("hello\n")).route("/readyz", get(up));
    let app = app.layer((battlement_request_id::RequestIdLayer::new(), shutdown.layer()));
    let server = axum::serve(tokio::net::TcpListener::bind(addr).await?, app);
    shutdown.run(server.with_graceful_shutdown(stop)).await.exit()
}
