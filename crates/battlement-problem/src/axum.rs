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

use crate::{FieldError, Problem, chain::links, existing::LONGEST_TEXT};

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

/// Returns a 404, for [`Router::fallback`](::axum::Router::fallback). A gRPC caller gets UNIMPLEMENTED, as for an
/// unknown method.
///
/// A [`ProblemLayer`](crate::ProblemLayer) turns axum's own empty 404 into the same response. This handler is for a
/// router without that layer, or a starting point for a detail of your own.
pub async fn not_found() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND).grpc_code(GrpcCode::Unimplemented)
}

/// Returns a 405, for [`Router::method_not_allowed_fallback`](::axum::Router::method_not_allowed_fallback). axum adds
/// the `Allow` header. See also [`not_found`].
pub async fn method_not_allowed() -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// Returns the problem of a rejection by axum's extractors. A rejection that the caller did not cause, such as that of
/// a path parameter that the route does not have, is a bug.
pub(crate) fn rejected(error: &(dyn Error + 'static)) -> Option<Problem> {
    macro_rules! downcast {
        ($($rejection:ty),+) => {
            $(if let Some(rejection) = error.downcast_ref::<$rejection>() {
                return invalid_input(rejection.status(), rejection.body_text(), rejection);
            })+
        };
    }
    downcast!(
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

fn invalid_input(
    status: StatusCode,
    text: String,
    rejection: &(dyn Error + 'static),
) -> Option<Problem> {
    if status.is_server_error() {
        return None;
    }
    let field = failing_field(rejection);
    Some(Problem::of_status(status).detail(sentence(text)).fields(field))
}

/// Truncates the text of a parser, which repeats the client's input and may be megabytes long.
fn sentence(mut text: String) -> String {
    let longest = usize::try_from(LONGEST_TEXT).unwrap_or(usize::MAX);
    if text.len() > longest {
        let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    text
}

/// Returns the field at which deserialization failed, with the reason. Deserializers stop at the first error.
fn failing_field(rejection: &(dyn Error + 'static)) -> Option<FieldError> {
    links(rejection).find_map(|link| {
        if let Some(error) = link.downcast_ref::<serde_path_to_error::Error<serde_json::Error>>() {
            // A body that is not JSON has no fields.
            return error.inner().is_data().then(|| field(error.path(), error.inner()));
        }
        let error = link.downcast_ref::<serde_path_to_error::Error<value::Error>>()?;
        Some(field(error.path(), error.inner()))
    })
}

fn field(path: &Path, error: &dyn Error) -> FieldError {
    FieldError::new(sentence(pointer(path)), sentence(error.to_string()))
}

/// Formats a path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            // The variant of an enum is not a position in the document.
            Segment::Enum { .. } | Segment::Unknown => {
                pointer.pop();
            }
        }
    }
    pointer
}
