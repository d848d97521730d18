use axum::{Router, http::StatusCode, routing::get};
use battlement_shutdown::{Phase, Phases};
use tokio::net::TcpListener;

/// Serves the probes, until the hooks have run.
pub(crate) async fn serve(listener: TcpListener, phases: Phases) -> std::io::Result<()> {
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
