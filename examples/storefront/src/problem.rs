//! Problem responses of the shop, all in one place.
//!
//! Only these responses contain text for customers. Any other error, for example one returned by `?`, is a bug: the
//! response contains the id of the request, and the log contains the error.

use axum::{
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::IntoResponse,
};
use battlement::{
    circuit_breaker::{Rejection, RejectionKind},
    problem::{FieldError, Problem},
};

use crate::{shop::NotPlaced, upstream::CallFailed};

pub fn unknown_product() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_product").detail("the product does not exist")
}

pub fn unknown_order() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_order").detail("the order does not exist")
}

/// Rejects an unknown key. The response must name the expected scheme (RFC 9110, section 15.5.2).
pub fn unknown_key() -> impl IntoResponse {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unknown_key");
    ([(WWW_AUTHENTICATE, "Bearer")], problem.detail("the key is unknown"))
}

pub fn invalid_order(errors: Vec<FieldError>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_order")
        .detail("the order has invalid fields")
        .fields(errors)
}

impl From<NotPlaced> for Problem {
    fn from(reason: NotPlaced) -> Self {
        let (status, code) = match reason {
            NotPlaced::CallFailed(reason) => return reason.into(),
            NotPlaced::OutOfStock(_) => (StatusCode::CONFLICT, "out_of_stock"),
            NotPlaced::PaymentDeclined => (StatusCode::PAYMENT_REQUIRED, "payment_declined"),
            NotPlaced::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        Self::new(status, code).detail(reason.to_string())
    }
}

impl From<CallFailed> for Problem {
    fn from(reason: CallFailed) -> Self {
        let (status, code) = match &reason {
            CallFailed::Failed(..) => (StatusCode::BAD_GATEWAY, "upstream_failed"),
            CallFailed::TimedOut(_) => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            // The same response as that of the layer for deadlines, which may also be the first to notice.
            CallFailed::DeadlinePassed => return Rejection::new(RejectionKind::Timeout).into(),
            // With `Retry-After`, the time until the breaker admits the next call.
            CallFailed::CircuitOpen { retry_after, .. } => {
                return Rejection::new(RejectionKind::CircuitOpen).retry_in(*retry_after).into();
            }
            CallFailed::Overloaded { retry_after, .. } => {
                return Rejection::new(RejectionKind::Overloaded).retry_in(*retry_after).into();
            }
        };
        let problem = Self::new(status, code).detail(reason.to_string());
        match reason {
            CallFailed::Failed(_, source) => problem.source(source),
            _ => problem,
        }
    }
}
