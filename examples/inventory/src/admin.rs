//! The endpoints for operators, on a listener of its own that customers cannot reach.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get_service, post},
};
use battlement::{
    health::{Details, Health, HealthLayer},
    metrics::Exposition,
    problem::{Problem, ProblemLayer},
    request_id::RequestIdLayer,
};
use bytes::Bytes;
use tokio::{net::TcpListener, time::Instant};
use tower::ServiceBuilder;

use crate::faults::{self, Faults};

/// The endpoints for operators: the page for Prometheus, the probes and, if they are allowed, faults.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(crate) page: Exposition,
    /// Absent unless operators may let calls fail.
    pub(crate) faults: Option<Faults>,
    pub(crate) health: Health,
}

/// Serves `/livez`, `/readyz`, `/startupz`, `/metrics` and, if they are allowed, `/faults`.
pub async fn serve_admin(listener: TcpListener, admin: Admin) -> std::io::Result<()> {
    let Admin { page, faults, health } = admin;
    let mut app = Router::new().route("/metrics", get_service(page));
    if let Some(faults) = faults {
        app = app.route("/faults", post(begin).delete(end).with_state(faults));
    }
    let layers = ServiceBuilder::new()
        // Outermost: a probe has no id, and the answer to one that fails is not a problem.
        .layer(HealthLayer::new(&health).all_paths().details(Details::Full))
        .layer(RequestIdLayer::new())
        .layer(ProblemLayer::new());
    axum::serve(listener, app.layer(layers)).await
}

/// Begins the faults of calls.
async fn begin(State(faults): State<Faults>, body: Bytes) -> Result<StatusCode, Problem> {
    faults.begin(faults::read(&body, Instant::now())?);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the faults of calls.
async fn end(State(faults): State<Faults>) -> StatusCode {
    faults.end();
    StatusCode::NO_CONTENT
}
