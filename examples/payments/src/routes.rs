//! The routes of the service. With one route, a `match` is all the router it needs.

use std::{
    future::pending,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use battlement::{core::RequestFacts, problem::Problem};
use bytes::Bytes;
use http::{
    Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, HeaderValue},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::time::sleep;
use tracing::info;

use crate::{
    Charge, ChargeRequest, IdempotencyKey, Ledger, NotCharged,
    faults::{Fault, Faults, Truncated},
    idempotency::{Once, Outcome},
    reset::Reset,
};

pub(crate) const CHARGES: &str = "/charges";
/// The charge of one order.
pub(crate) const CHARGE: &str = "/charges/{order_id}";

/// A charge takes a few hundred bytes. Without a limit, one request could take all memory.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The state that all requests share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) answers: Once<Answer>,
    pub(crate) faults: Faults,
    /// Hashes bodies, with secret keys: two bodies of one key are taken for the same only by a chance of 1 in 2⁶⁴.
    pub(crate) fingerprints: RandomState,
}

/// The answer to a charge, from which the same response is made for every send.
pub(crate) type Answer = Result<Charge, NotCharged>;

/// The body of a response, which breaks off if a fault demands it.
pub(crate) type AnswerBody = Truncated<Full<Bytes>>;

pub(crate) async fn respond(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Problem> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, CHARGES) => charge(shared, request).await,
        (_, CHARGES) => Err(method_not_allowed("only POST is allowed", "POST")),
        (method, path) => match (method, path.strip_prefix("/charges/")) {
            (&Method::DELETE, Some(order)) => void(&shared.ledger, order),
            (_, Some(_)) => Err(method_not_allowed("only DELETE is allowed", "DELETE")),
            (_, None) => Err(Problem::of_status(StatusCode::NOT_FOUND)
                .detail("the routes are POST /charges and DELETE /charges/{order_id}")),
        },
    }
}

/// Stores the route of a request where the log and the metrics read it.
pub(crate) fn note<B>(request: Request<B>) -> Request<B> {
    let route = match request.uri().path() {
        CHARGES => Some(CHARGES),
        path => path.strip_prefix("/charges/").map(|_| CHARGE),
    };
    if let (Some(facts), Some(route)) = (RequestFacts::of(&request), route) {
        facts.set_route(route);
    }
    request
}

pub(crate) fn method_not_allowed(detail: &'static str, allow: &'static str) -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
        .detail(detail)
        .header(ALLOW, HeaderValue::from_static(allow))
}

async fn charge(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Problem> {
    let (head, body) = request.into_parts();
    let key = IdempotencyKey::read(&head.headers)?;
    let body = read(body).await?;
    let request: ChargeRequest = serde_json::from_slice(&body).map_err(|error| {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_charge").detail(error.to_string())
    })?;
    let fault = shared.faults.next(head.extensions.get());
    if let Some(fault) = fault.filter(|fault| fault.is_before_work()) {
        return fail(fault, head.extensions.get()).await;
    }
    let answer = match key {
        Some(key) => shared.charge_once(key, &body, request).await?,
        None => book(&shared.ledger, request),
    };
    match fault {
        Some(Fault::Slow(delay)) => sleep(delay).await,
        Some(Fault::Truncate) => return respond_with(answer, Truncated::broken),
        Some(fault) => return fail(fault, head.extensions.get()).await,
        None => {}
    }
    respond_with(answer, Truncated::whole)
}

/// Voids the charge of an order, whose id is percent-encoded.
fn void(ledger: &Ledger, order: &str) -> Result<Response<AnswerBody>, Problem> {
    let order = percent_decode_str(order).decode_utf8().map_err(|_| {
        Problem::of_status(StatusCode::BAD_REQUEST).detail("the id of the order must be UTF-8")
    })?;
    if ledger.void(&order)? {
        info!(order = %order, "voided");
    }
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

/// Reads a body of limited size.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, Problem> {
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE)
                .detail("the body must be at most 16 KiB")
        } else {
            Problem::of_status(StatusCode::BAD_REQUEST).detail("the body is incomplete")
        }
    })?;
    Ok(body.to_bytes())
}

impl Shared {
    /// Charges an order, or returns the answer of the first request with this key.
    async fn charge_once(
        &self,
        key: IdempotencyKey,
        body: &[u8],
        request: ChargeRequest,
    ) -> Result<Answer, Problem> {
        let ledger = self.ledger.clone();
        let work = async move {
            match book(&ledger, request) {
                // Nothing was decided, so the caller may correct the request under the same key.
                invalid @ Err(NotCharged::Malformed(_)) => Outcome::Unprocessed(invalid),
                answer => Outcome::Final(answer),
            }
        };
        Ok(self.answers.run(key, self.fingerprints.hash_one(body), work).await?)
    }
}

fn book(ledger: &Ledger, request: ChargeRequest) -> Answer {
    let answer = ledger.charge(request);
    match &answer {
        Ok(Charge { request, .. }) => {
            info!(order = request.order_id, cents = request.amount_cents, "charged");
        }
        Err(reason) => info!(%reason, "charge rejected"),
    }
    answer
}

/// Fails in place of the answer. A connection that is reset sends nothing of the response.
async fn fail(fault: Fault, reset: Option<&Reset>) -> Result<Response<AnswerBody>, Problem> {
    if fault == Fault::Hang {
        // Ends when the client closes the connection, or at the deadline of the request.
        pending::<()>().await;
    }
    if fault.is_reset()
        && let Some(reset) = reset
    {
        reset.request();
    }
    let status = match fault {
        Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Err(Problem::new(status, "fault").detail("the charge fails by command"))
}

fn respond_with(
    answer: Answer,
    body: impl FnOnce(Full<Bytes>) -> AnswerBody,
) -> Result<Response<AnswerBody>, Problem> {
    let mut response = Response::new(body(Full::from(json!(answer?).to_string())));
    *response.status_mut() = StatusCode::CREATED;
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}
