use std::{error::Error, io};

use http::StatusCode;
use http_body_util::LengthLimitError;

use crate::{Problem, chain::links};

/// Explains errors of request bodies, and of calls to other services.
///
/// hyper has one error type for both. An error that could come from either connection is treated as one of the call to
/// another service: if the caller's connection failed, the caller cannot read the response anyway.
pub(super) fn explain(link: &(dyn Error + 'static)) -> Option<Problem> {
    if link.is::<LengthLimitError>() {
        return Some(problem(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"));
    }
    let error = link.downcast_ref::<hyper::Error>()?;
    if error.is_user() {
        return None;
    }
    Some(if error.is_timeout() {
        problem(StatusCode::GATEWAY_TIMEOUT, "an upstream service timed out")
    } else if is_malformed(error) {
        problem(StatusCode::BAD_REQUEST, "the request's body is malformed")
    } else {
        problem(StatusCode::BAD_GATEWAY, "the connection to an upstream service failed")
    })
}

/// Returns whether a chunked request body is malformed. hyper's errors of parsing responses are of another kind.
fn is_malformed(error: &hyper::Error) -> bool {
    let mut errors = links(error).filter_map(|link| link.downcast_ref::<io::Error>());
    let malformed = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData];
    errors.any(|error| malformed.contains(&error.kind()))
}

fn problem(status: StatusCode, detail: &'static str) -> Problem {
    Problem::of_status(status).detail(detail)
}
