use battlement_core::{GrpcCode, Rejection, Wire};
use http::{HeaderMap, Response, StatusCode, header, response::Parts};
use http_body::Body;

use crate::{Problem, Untouched, request_context::RequestContext};

/// The longest text that is used as the detail of an error.
pub(crate) const LONGEST_TEXT: u64 = 4 * 1024;

/// The content of an error response.
#[derive(Debug)]
pub(crate) enum Existing {
    /// A problem that a handler attached, or that follows from the head of a response without a body.
    Problem(Problem),
    /// The problem of a response to HEAD, where the body of the response to GET is unknown.
    Unread(Problem),
    /// A short body that is read first.
    Text(Text),
    /// A complete response, which stays unchanged.
    Whole,
}

/// The kind of a short body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// The text of a 4xx, written for the caller.
    Detail,
    /// The text of a 5xx, which is logged and not sent.
    Private,
    /// The document that another battlement layer wrote.
    Rejection(Rejection),
}

impl Existing {
    pub(crate) fn of<B: Body>(response: &mut Response<B>, request: &RequestContext) -> Self {
        let headers = response.headers();
        if response.extensions().get::<Untouched>().is_some() || Wire::of(headers).is_grpc() {
            return Self::Whole;
        }
        if let Some(problem) = response.extensions_mut().remove() {
            return Self::Problem(problem);
        }
        let rejection = response.extensions().get::<Rejection>().copied();
        let text = match rejection {
            Some(rejection) => Text::Rejection(rejection),
            None if !is_bare(response.headers()) => return Self::Whole,
            None if response.status().is_server_error() => Text::Private,
            None => Text::Detail,
        };
        text.existing(response, request)
    }
}

impl Text {
    fn existing<B: Body>(self, response: &Response<B>, request: &RequestContext) -> Existing {
        let bare = || match self {
            Self::Rejection(rejection) => Problem::of_rejection(rejection),
            Self::Detail | Self::Private => Problem::of_status(response.status()),
        };
        if request.is_head {
            return Existing::Unread(bare());
        }
        if response.body().is_end_stream() {
            return Existing::Problem(unrouted(bare(), response.headers()));
        }
        let most = response.body().size_hint().upper();
        if most.is_some_and(|most| most <= LONGEST_TEXT) && !is_encoded(response.headers()) {
            return Existing::Text(self);
        }
        // Too long for a detail. With a 4xx it was meant for the caller, so it stays.
        if self == Self::Detail { Existing::Whole } else { Existing::Problem(bare()) }
    }

    /// Returns the problem that `text` turns the response into; `None` means that the body could not be read.
    pub(crate) fn problem(self, parts: &Parts, text: Option<&str>) -> Problem {
        let is_empty = text == Some("");
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let bare = Problem::of_status(parts.status);
        match (self, text) {
            (Self::Rejection(rejection), text) => {
                let written = text.and_then(|json| serde_json::from_str::<Problem>(json).ok());
                let grpc_code = rejection.kind().grpc_code();
                written
                    .unwrap_or_else(|| Problem::of_rejection(rejection))
                    .at(parts.status)
                    .grpc_code(grpc_code)
            }
            (Self::Detail, Some(text)) => bare.detail(text.to_owned()),
            (Self::Private, Some(text)) => bare.source(text),
            (_, None) if is_empty => unrouted(bare, &parts.headers),
            (_, None) => bare,
        }
    }
}

/// Returns whether a response has no content type or plain text, as the default errors of frameworks do.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        let name = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"text/plain")
    })
}

/// Returns the problem of a response without a body. Routers respond to a path without a route with a 404 that has no
/// content type either. In gRPC that method is not implemented; clients that check health distinguish that from
/// NOT_FOUND, which means that the health of a service is unknown.
fn unrouted(problem: Problem, headers: &HeaderMap) -> Problem {
    let is_bare_404 =
        problem.status() == StatusCode::NOT_FOUND && !headers.contains_key(header::CONTENT_TYPE);
    if is_bare_404 { problem.grpc_code(GrpcCode::Unimplemented) } else { problem }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.contains_key(header::CONTENT_ENCODING)
}

/// Returns whether the layer handles responses with this status.
pub(crate) fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
