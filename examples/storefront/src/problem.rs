//! What customers' programs get to read of what went wrong, in one place.
//!
//! Only what is made here speaks to them. Whatever else fails, as by `?`, is a bug: they get to know the id of
//! their request, and the log has the rest.

use axum::{
    http::{StatusCode, header::WWW_AUTHENTICATE},
    response::IntoResponse,
};
use battlement::problem::{FieldError, Problem};

use crate::shop::Refused;

pub fn unknown_product() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_product").detail("there is no such product")
}

pub fn unknown_order() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_order").detail("there is no such order")
}

/// The answer must say which kind of key is expected (RFC 9110, section 15.5.2).
pub fn unknown_key() -> impl IntoResponse {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unknown_key");
    ([(WWW_AUTHENTICATE, "Bearer")], problem.detail("the key is not one of a partner"))
}

pub fn invalid_order(errors: Vec<FieldError>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_order")
        .detail("the order is not right yet")
        .fields(errors)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (status, code) = match &refused {
            Refused::OutOfStock(_) => (StatusCode::CONFLICT, "out_of_stock"),
            Refused::PaymentDeclined => (StatusCode::PAYMENT_REQUIRED, "payment_declined"),
            Refused::Failed(..) => (StatusCode::BAD_GATEWAY, "upstream_failed"),
            Refused::TimedOut(_) => (StatusCode::GATEWAY_TIMEOUT, "upstream_timeout"),
            Refused::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        };
        let problem = Self::new(status, code).detail(refused.to_string());
        match refused {
            Refused::Failed(_, source) => problem.source(source),
            _ => problem,
        }
    }
}
