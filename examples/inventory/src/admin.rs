//! The endpoints for operators, on a listener of its own that customers cannot reach.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get_service, post},
};
use battlement::{
    metrics::Exposition,
    problem::{Problem, ProblemLayer},
    request_id::RequestIdLayer,
};
use bytes::Bytes;
use tokio::{net::TcpListener, time::Instant};
use tower::ServiceBuilder;

use crate::faults::{self, Faults};

/// The endpoints for operators: the page for Prometheus and, if they are allowed, faults.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(crate) page: Exposition,
    /// Absent unless operators may let calls fail.
    pub(crate) faults: Option<Faults>,
}

/// Serves `/metrics` and, if they are allowed, `/faults`.
pub async fn serve_admin(listener: TcpListener, admin: Admin) {
    let mut app = Router::new().route("/metrics", get_service(admin.page));
    if let Some(faults) = admin.faults {
        app = app.route("/faults", post(begin).delete(end).with_state(faults));
    }
    let layers = ServiceBuilder::new().layer(RequestIdLayer::new()).layer(ProblemLayer::new());
    if let Err(error) = axum::serve(listener, app.layer(layers)).await {
        tracing::error!(%error, "the endpoints for operators are no longer served");
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
