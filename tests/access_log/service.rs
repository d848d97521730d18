//! A service that logs each request as a JSON line to the standard output, which tests do not read.
#![allow(
    clippy::print_stderr,
    reason = "the address and the counts are for the test that starts this program"
)]

use std::{error::Error, net::Ipv4Addr};

use axum::{Router, routing::get};
use battlement_access_log::{AccessLogLayer, AccessLogOverride, Format, Names, Writer};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let writer = Writer::stdout(Format::Json(Names::OpenTelemetry)).queue(256);
    let counts = writer.handle();
    let counted = counts.clone();
    let app = Router::new()
        .route("/{number}", get(async || "hello"))
        .route(
            "/counts",
            get(async move || format!("{} {}", counted.written(), counted.dropped()))
                .layer(AccessLogOverride::new().off()),
        )
        .layer(AccessLogLayer::new().writer(writer.clone()));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let mut stop = signal(SignalKind::terminate())?;
    eprintln!("listens on {}", listener.local_addr()?);
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        _ = stop.recv() => {}
    }
    tokio::task::spawn_blocking(move || writer.flush()).await?;
    eprintln!("wrote {} lines and dropped {}", counts.written(), counts.dropped());
    Ok(())
}
