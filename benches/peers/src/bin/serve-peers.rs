//! Serves a text with a peer of the server crate, in a process of its own. The tests take its file descriptors.
//!
//! The argument is the peer. The program prints its address.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use axum::{Router, routing::get};
use tokio::net::TcpListener;

fn app() -> Router {
    Router::new().route("/", get(async || "hello"))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let peer = std::env::args().nth(1).context("the peer is missing")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listens on {}", listener.local_addr()?);
    match peer.as_str() {
        "axum" => axum::serve(listener, app()).await?,
        "axum-server" => {
            let server = axum_server::Server::<SocketAddr>::from_listener(listener);
            server.serve(app().into_make_service()).await?;
        }
        "tonic" => {
            let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
            let server = tonic::transport::Server::builder().add_routes(app().into());
            server.serve_with_incoming(incoming).await?;
        }
        _ => anyhow::bail!("unknown peer {peer}"),
    }
    Ok(())
}
