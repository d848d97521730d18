//! Serves event streams until SIGTERM, with a peer of the shutdown or with ours. The tests send it signals.
//!
//! The arguments are the peer and its limit in milliseconds, an hour by default. The program prints its address, and a
//! line when the server has ended.

use std::{convert::Infallible, future::pending, net::Ipv4Addr, thread, time::Duration};

use anyhow::Context as _;
use axum::{Router, body::Body, routing::get};
use battlement_shutdown::{Phase, Shutdown};
use futures_util::{StreamExt as _, stream};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};

const HOUR: Duration = Duration::from_secs(3600);

fn app() -> Router {
    let events = async || {
        let first = stream::once(async { Ok::<_, Infallible>("data: 1\n\n") });
        Body::from_stream(first.chain(stream::once(pending())))
    };
    let blocks = async || {
        tokio::task::spawn_blocking(|| thread::park_timeout(HOUR));
        "started"
    };
    let stalls = async || thread::park_timeout(HOUR);
    Router::new()
        .route("/events", get(events))
        .route("/blocks", get(blocks))
        .route("/stalls", get(stalls))
}

fn limit() -> Duration {
    let argument = std::env::args().nth(2);
    argument.map_or(HOUR, |text| Duration::from_millis(text.parse().expect("a number")))
}

async fn with_axum(listener: TcpListener) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        terminate.recv().await;
    };
    Ok(axum::serve(listener, app()).with_graceful_shutdown(stop).await?)
}

async fn with_tokio_graceful(listener: TcpListener) -> anyhow::Result<()> {
    let shutdown = tokio_graceful::Shutdown::default();
    shutdown.spawn_task_fn(async |guard| {
        let stop = guard.clone_weak().into_cancelled();
        let _ = axum::serve(listener, app()).with_graceful_shutdown(stop).await;
    });
    shutdown.shutdown_with_limit(limit()).await?;
    Ok(())
}

async fn serve(subsystem: &mut SubsystemHandle, listener: TcpListener) -> anyhow::Result<()> {
    let token = subsystem.create_cancellation_token();
    let stop = async move { token.cancelled().await };
    Ok(axum::serve(listener, app()).with_graceful_shutdown(stop).await?)
}

async fn with_tokio_graceful_shutdown(listener: TcpListener) -> anyhow::Result<()> {
    let start = async |root: &mut SubsystemHandle| {
        let server = async |subsystem: &mut SubsystemHandle| serve(subsystem, listener).await;
        root.start(SubsystemBuilder::new("server", server));
    };
    Ok(Toplevel::new(start).catch_signals().handle_shutdown_requests(limit()).await?)
}

async fn with_ours(listener: TcpListener) -> anyhow::Result<()> {
    let drain = limit().min(Duration::from_secs(15));
    let shutdown = Shutdown::new().drain(drain).budget(drain + Duration::from_secs(6));
    let stop = shutdown.phases().reached(Phase::Stopping);
    let app = app().layer(shutdown.layer());
    let server = axum::serve(listener, app).with_graceful_shutdown(stop);
    shutdown.run(server).await.exit()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let peer = std::env::args().nth(1).context("the peer is missing")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("listens on {}", listener.local_addr()?);
    match peer.as_str() {
        "battlement" => with_ours(listener).await?,
        "axum" => with_axum(listener).await?,
        "tokio-graceful" => with_tokio_graceful(listener).await?,
        "tokio-graceful-shutdown" => with_tokio_graceful_shutdown(listener).await?,
        _ => anyhow::bail!("unknown peer {peer}"),
    }
    println!("the server has ended");
    Ok(())
}
