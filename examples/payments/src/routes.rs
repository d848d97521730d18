//! The routes of the service. With one route, a `match` is all the router it needs.

use battlement::problem::Problem;
use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tracing::info;

use crate::{ChargeRequest, Ledger};

pub(crate) const CHARGES: &str = "/charges";

/// A charge takes a few hundred bytes. Without a limit, one request could take all memory.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(crate) async fn respond(
    ledger: &Ledger,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Problem> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, CHARGES) => charge(ledger, request.into_body()).await,
        (_, CHARGES) => Err(Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
            .detail("only POST is allowed")
            .header(ALLOW, HeaderValue::from_static("POST"))),
        _ => {
            Err(Problem::of_status(StatusCode::NOT_FOUND).detail("the only route is POST /charges"))
        }
    }
}

async fn charge(ledger: &Ledger, body: Incoming) -> Result<Response<Full<Bytes>>, Problem> {
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE)
                .detail("the body must be at most 16 KiB")
        } else {
            Problem::of_status(StatusCode::BAD_REQUEST).detail("the body is incomplete")
        }
    })?;
    let request: ChargeRequest = serde_json::from_slice(&body.to_bytes()).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_charge").detail(error.to_string())
    })?;
    let charge = ledger.charge(request).map_err(|reason| {
        info!(%reason, "charge rejected");
        Problem::from(reason)
    })?;
    info!(order = charge.request.order_id, cents = charge.request.amount_cents, "charged");
    let mut response = Response::new(Full::from(json!(charge).to_string()));
    *response.status_mut() = StatusCode::CREATED;
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}
