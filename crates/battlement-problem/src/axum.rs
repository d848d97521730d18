use std::error::Error;

use ::axum::{
    extract::rejection::{
        BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection,
        RawFormRejection, RawPathParamsRejection, StringRejection,
    },
    response::{IntoResponse, Response},
};
use battlement_core::GrpcCode;
use http::StatusCode;
use serde::de::value;
use serde_path_to_error::{Path, Segment};

use crate::{FieldError, Problem, chain::links, found::LONGEST_TEXT};

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

/// For [`Router::fallback`](::axum::Router::fallback): there is nothing at this path. A gRPC caller reads
/// UNIMPLEMENTED, as of a method that does not exist.
///
/// A [`ProblemLayer`](crate::ProblemLayer) makes the same of axum's own bare 404; this is for a router that
/// has none around it, or a detail of your own in its place.
pub async fn not_found() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND).grpc_code(GrpcCode::Unimplemented)
}

/// For [`Router::method_not_allowed_fallback`](::axum::Router::method_not_allowed_fallback): axum adds the
/// `Allow` header. As for the rest, see [`not_found`].
pub async fn method_not_allowed() -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// What axum's extractors refuse a request for. What they fail with through no fault of the caller's, as
/// for a parameter that the route does not have, is a bug.
pub(crate) fn rejected(error: &(dyn Error + 'static)) -> Option<Problem> {
    macro_rules! told {
        ($($rejection:ty),+) => {
            $(if let Some(rejection) = error.downcast_ref::<$rejection>() {
                return told(rejection.status(), rejection.body_text(), rejection);
            })+
        };
    }
    told!(
        JsonRejection,
        PathRejection,
        QueryRejection,
        FormRejection,
        RawFormRejection,
        BytesRejection,
        StringRejection,
        RawPathParamsRejection
    );
    None
}

fn told(status: StatusCode, text: String, rejection: &(dyn Error + 'static)) -> Option<Problem> {
    if status.is_server_error() {
        return None;
    }
    let field = failing_field(rejection);
    Some(Problem::of_status(status).detail(sentence(text)).fields(field))
}

/// What a parser says repeats what the client wrote, of which there may be megabytes.
fn sentence(mut text: String) -> String {
    let longest = usize::try_from(LONGEST_TEXT).unwrap_or(usize::MAX);
    if text.len() > longest {
        let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// The field at which a deserializer gave up, and why. It gives up at the first.
fn failing_field(rejection: &(dyn Error + 'static)) -> Option<FieldError> {
    links(rejection).find_map(|link| {
        if let Some(error) = link.downcast_ref::<serde_path_to_error::Error<serde_json::Error>>() {
            // A body that is no JSON at all has no fields.
            return error.inner().is_data().then(|| field(error.path(), error.inner()));
        }
        let error = link.downcast_ref::<serde_path_to_error::Error<value::Error>>()?;
        Some(field(error.path(), error.inner()))
    })
}

fn field(path: &Path, error: &dyn Error) -> FieldError {
    FieldError::new(sentence(pointer(path)), sentence(error.to_string()))
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            // An enum's variant is no place in the text.
            Segment::Enum { .. } | Segment::Unknown => {
                pointer.pop();
            }
        }
    }
    pointer
}
