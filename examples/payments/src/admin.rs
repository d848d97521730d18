//! The endpoints for operators, on a listener of its own that customers cannot reach.

use std::{io, sync::Arc};

use battlement::{
    health::{Details, Health, HealthLayer},
    metrics::{Exposition, PageBody},
    problem::{Problem, ProblemLayer},
    request_id::RequestIdLayer,
    serve::{Limits, Server},
};
use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use hyper::body::Incoming;
use serde_json::json;
use tokio::{net::TcpListener, time::Instant};
use tower::{ServiceBuilder, ServiceExt};

use crate::{
    Ledger,
    faults::{self, Faults},
    routes::{method_not_allowed, read},
};

/// The endpoints for operators: the page for Prometheus, the probes, the size of the ledger and, if they are allowed,
/// faults.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(crate) page: Exposition,
    pub(crate) ledger: Arc<Ledger>,
    /// Absent unless operators may let charges fail.
    pub(crate) faults: Option<Faults>,
    pub(crate) health: Health,
}

/// The maximum number of connections. They do not count in the limit of the service, so that operators are answered while
/// that is reached.
const CONNECTIONS: usize = 32;

/// Serves `/livez`, `/readyz`, `/startupz`, `/metrics`, `/ledger` and, if they are allowed, `/faults`.
pub async fn serve_admin(listener: TcpListener, admin: Admin) -> io::Result<()> {
    let service = ServiceBuilder::new()
        // Outermost: a probe has no id, and the answer to one that fails is not a problem.
        .layer(HealthLayer::new(&admin.health).all_paths().details(Details::Full))
        .layer(RequestIdLayer::new())
        .layer(ProblemLayer::new())
        .service_fn(move |request| {
            let admin = admin.clone();
            async move { admin.respond(request).await }
        });
    // Without phases: the listener closes with the process.
    let server = Server::new(listener).limits(Limits::new().connections(CONNECTIONS));
    server.serve(service).await.map(drop)
}

impl Admin {
    async fn respond(self, request: Request<Incoming>) -> Result<Response<PageBody>, Problem> {
        match (request.uri().path(), self.faults) {
            ("/metrics", _) => Ok(self.page.oneshot(request).await?),
            ("/ledger", _) => ledger(&self.ledger, request.method()),
            ("/faults", Some(faults)) => command(&faults, request).await,
            _ => Err(Problem::of_status(StatusCode::NOT_FOUND)),
        }
    }
}

/// Reports the number of charges, and of distinct orders.
fn ledger(ledger: &Ledger, method: &Method) -> Result<Response<PageBody>, Problem> {
    if method != Method::GET {
        return Err(method_not_allowed("only GET is allowed", "GET"));
    }
    let counts = Bytes::from(json!(ledger.counts()).to_string());
    let mut response = Response::new(PageBody::from(counts));
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

/// Begins or ends the faults of charges.
async fn command(
    faults: &Faults,
    request: Request<Incoming>,
) -> Result<Response<PageBody>, Problem> {
    match *request.method() {
        Method::POST => {
            let body = read(request.into_body()).await?;
            faults.begin(faults::read(&body, Instant::now())?);
        }
        Method::DELETE => faults.end(),
        _ => return Err(method_not_allowed("only POST and DELETE are allowed", "POST, DELETE")),
    }
    let mut response = Response::new(PageBody::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
