use axum::{Router, http::StatusCode, routing::get};
use battlement_shutdown::{Phase, Phases, Shutdown};
use tokio::net::TcpListener;

/// Starts the server of the probes, on a thread of its own if `thread` says so.
pub(crate) fn start(
    shutdown: Shutdown,
    listener: TcpListener,
    thread: bool,
) -> std::io::Result<Shutdown> {
    let phases = shutdown.phases();
    if !thread {
        return Ok(shutdown.admin(serve(listener, phases)));
    }
    let listener = listener.into_std()?;
    shutdown.admin_thread(|| async { serve(TcpListener::from_std(listener)?, phases).await })
}

/// Serves the probes, until the hooks have run.
async fn serve(listener: TcpListener, phases: Phases) -> std::io::Result<()> {
    let done = phases.reached(Phase::Done);
    let ready = move || async move {
        let now = phases.now();
        let status =
            if now == Phase::Running { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, now.as_str())
    };
    let app = Router::new().route("/readyz", get(ready));
    axum::serve(listener, app).with_graceful_shutdown(done).await
}
