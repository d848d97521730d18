use std::{error::Error, io};

use http::StatusCode;
use http_body_util::LengthLimitError;

use crate::{Problem, chain::links};

/// What happens to the bodies of requests, and to calls to other services.
///
/// hyper has one error for both. Where it cannot tell whose connection it was, it was the one to another
/// service: if it was the caller's, nobody is left to read the answer.
pub(super) fn explain(link: &(dyn Error + 'static)) -> Option<Problem> {
    if link.is::<LengthLimitError>() {
        return Some(told(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"));
    }
    let error = link.downcast_ref::<hyper::Error>()?;
    if error.is_user() {
        return None;
    }
    Some(if error.is_timeout() {
        told(StatusCode::GATEWAY_TIMEOUT, "a service behind this one took too long")
    } else if is_malformed(error) {
        told(StatusCode::BAD_REQUEST, "the request's body is malformed")
    } else {
        told(StatusCode::BAD_GATEWAY, "the connection to a service behind this one failed")
    })
}

/// A chunked body that is not framed as one; what hyper parses of answers has another kind.
fn is_malformed(error: &hyper::Error) -> bool {
    let mut errors = links(error).filter_map(|link| link.downcast_ref::<io::Error>());
    let malformed = [io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData];
    errors.any(|error| malformed.contains(&error.kind()))
}

fn told(status: StatusCode, detail: &'static str) -> Problem {
    Problem::of_status(status).detail(detail)
}
