//! Event streams and WebSockets that end when the process drains.

use std::{convert::Infallible, io, time::Duration};

use axum::{
    Extension, Router,
    extract::Request,
    response::{
        IntoResponse,
        sse::{Event, Sse},
    },
    routing::{any, get},
};
use battlement::{
    health::Health,
    shutdown::{EndStream, Phase, Report, Shutdown},
};
use futures_util::stream;
use tokio::time::sleep;

use super::{bind, websocket};

const DELAY: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(20);

pub(super) async fn serve() -> io::Result<Report> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let shutdown = Shutdown::new().delay(DELAY);
    let (phases, handle) = (shutdown.phases(), shutdown.handle());
    let health = Health::builder().phases(phases.clone()).build();
    let probes = Router::new().fallback_service(health.service());
    let shutdown = shutdown.admin(axum::serve(bind("STREAMS_ADMIN_ADDR")?, probes));
    let app = Router::new()
        .route("/", get(async || "answer"))
        .route("/events", get(events))
        .route("/echo", any(move |request: Request| websocket::upgrade(request, handle)))
        .layer(shutdown.layer());
    let listener = bind("STREAMS_ADDR")?;
    let server = axum::serve(listener, app).with_graceful_shutdown(phases.reached(Phase::Stopping));
    Ok(shutdown.run(server).await)
}

/// Returns an endless stream, which the layer ends as a whole when the process drains.
async fn events() -> impl IntoResponse {
    let events = stream::unfold((), async |()| {
        sleep(TICK).await;
        Some((Ok::<_, Infallible>(Event::default().data("tick")), ()))
    });
    (Extension(EndStream), Sse::new(events))
}
