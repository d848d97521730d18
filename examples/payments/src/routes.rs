//! The routes of the service. With one route, a `match` is all the router it needs.

use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::json;
use tracing::info;

use crate::{ChargeRequest, Ledger, NotCharged};

/// A charge takes a few hundred bytes. Without a limit, one request could take all memory.
const MAX_BODY_BYTES: usize = 16 * 1024;

pub(crate) async fn answer(ledger: &Ledger, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/charges") => {
            charge(ledger, request.into_body()).await.unwrap_or_else(|refusal| refusal)
        }
        (_, "/charges") => {
            let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "only POST is allowed");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            response
        }
        _ => problem(StatusCode::NOT_FOUND, "the only route is POST /charges"),
    }
}

/// Both are answers: the charge made, or why there is none.
async fn charge(
    ledger: &Ledger,
    body: Incoming,
) -> Result<Response<Full<Bytes>>, Response<Full<Bytes>>> {
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            problem(StatusCode::PAYLOAD_TOO_LARGE, "the body must be at most 16 KiB")
        } else {
            problem(StatusCode::BAD_REQUEST, "the body is incomplete")
        }
    })?;
    let request: ChargeRequest = serde_json::from_slice(&body.to_bytes())
        .map_err(|error| problem(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string()))?;
    let charge = ledger.charge(request).map_err(|reason| {
        info!(%reason, "not charged");
        problem(status(&reason), &reason.to_string())
    })?;
    info!(order = charge.request.order_id, cents = charge.request.amount_cents, "charged");
    Ok(json(StatusCode::CREATED, "application/json", &json!(charge)))
}

fn status(reason: &NotCharged) -> StatusCode {
    match reason {
        NotCharged::Malformed(_) => StatusCode::UNPROCESSABLE_ENTITY,
        NotCharged::Declined => StatusCode::PAYMENT_REQUIRED,
        NotCharged::Differs => StatusCode::CONFLICT,
    }
}

/// An error in the form of RFC 9457. Without a `type` of its own, its title is the status's name.
fn problem(status: StatusCode, detail: &str) -> Response<Full<Bytes>> {
    let body = json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    json(status, "application/problem+json", &body)
}

fn json(
    status: StatusCode,
    content_type: &'static str,
    body: &serde_json::Value,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
