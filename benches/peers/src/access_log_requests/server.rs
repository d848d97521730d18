use std::{
    fs::{File, OpenOptions},
    sync::Mutex,
};

use anyhow::{Result, bail};
use axum::{Router, routing::get};
use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
use battlement_metrics::HttpMetrics;
use battlement_problem::ProblemLayer;
use battlement_request_id::RequestIdLayer;
use battlement_security_headers::SecurityHeadersLayer;
use tower::{ServiceBuilder, layer::util::Identity};
use tracing::Level;

use crate::{
    access_log::{all_events, one_event},
    measure::{
        cores::Core,
        server::{self, BODY, ROUTE},
    },
};

/// Adds the storefront's layers, except those that need to know the connection, with a layer at the place of the access
/// log.
macro_rules! shop {
    ($router:expr, $record:expr) => {
        $router.layer(
            ServiceBuilder::new()
                .layer(RequestIdLayer::new())
                .layer($record)
                .layer(HttpMetrics::new().server_layer())
                .layer(SecurityHeadersLayer::html())
                .layer(ProblemLayer::new()),
        )
    };
}

/// Prints the server's address and serves until the process is killed.
pub(super) async fn serve(kind: &str) -> Result<()> {
    Core(0).pin()?;
    let router = Router::new().route(ROUTE, get(async || BODY));
    let lines = Format::Json(Names::OpenTelemetry);
    let router = match kind {
        "axum" => router,
        "shop" => shop!(router, Identity::new()),
        "off" => shop!(router, AccessLogLayer::new()),
        "writer" => shop!(router, AccessLogLayer::new().writer(Writer::to(null()?, lines))),
        "tracing" => shop!(router, subscribed(AccessLogLayer::new())?),
        "trace-layer" => shop!(router, subscribed(one_event())?),
        "trace-layer-all" => shop!(router, subscribed(all_events())?),
        _ => bail!("unknown server kind {kind:?}"),
    };
    server::serve(router).await
}

/// Sets the subscriber of the process, which writes JSON from INFO on, and returns `layer`.
fn subscribed<L>(layer: L) -> Result<L> {
    let subscriber = tracing_subscriber::fmt().json().with_max_level(Level::INFO);
    let subscriber = subscriber.with_writer(Mutex::new(null()?)).finish();
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(layer)
}

/// Opens the output of all lines: a call of the kernel for each line, and no reader that competes for a core.
fn null() -> Result<File> {
    Ok(OpenOptions::new().write(true).open("/dev/null")?)
}
