//! The endpoints for operators, on a listener of its own that customers cannot reach.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, get_service, post},
};
use battlement::{
    metrics::Exposition,
    problem::{Problem, ProblemLayer},
    request_id::RequestIdLayer,
    shutdown::Phases,
};
use bytes::Bytes;
use tokio::{net::TcpListener, time::Instant};
use tower::ServiceBuilder;

use crate::faults::{self, Faults};

/// The endpoints for operators: the page for Prometheus, the readiness of the process and, if they are allowed, faults.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(crate) page: Exposition,
    /// Absent unless operators may let calls fail.
    pub(crate) faults: Option<Faults>,
    pub(crate) phases: Phases,
}

/// Serves `/metrics`, `/readyz` and, if they are allowed, `/faults`.
pub async fn serve_admin(listener: TcpListener, admin: Admin) -> std::io::Result<()> {
    let Admin { page, faults, phases } = admin;
    let readiness = get(move || ready(phases.is_draining()));
    let mut app = Router::new().route("/metrics", get_service(page)).route("/readyz", readiness);
    if let Some(faults) = faults {
        app = app.route("/faults", post(begin).delete(end).with_state(faults));
    }
    let layers = ServiceBuilder::new().layer(RequestIdLayer::new()).layer(ProblemLayer::new());
    axum::serve(listener, app.layer(layers)).await
}

/// Answers whether balancers may send calls to this process.
async fn ready(is_draining: bool) -> (StatusCode, &'static str) {
    if is_draining {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
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
