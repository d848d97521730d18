use battlement_core::{GrpcCode, Rejection, Wire};
use http::{HeaderMap, Response, StatusCode, header, response::Parts};
use http_body::Body;

use crate::{Problem, Untouched, asked::Asked};

/// The longest text that is taken for a sentence about the error.
pub(crate) const LONGEST_TEXT: u64 = 4 * 1024;

/// What a response that is an error has in it.
#[derive(Debug)]
pub(crate) enum Found {
    /// A problem that a handler left, or what there is to say of a response that says nothing itself.
    Problem(Problem),
    /// The same of an answer to HEAD, which does not tell what GET would have brought.
    Unread(Problem),
    /// A body short enough to be read first.
    Text(Text),
    /// An answer that is as good as it can be.
    Whole,
}

/// What a short body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// The sentence for the caller that came with a 4xx.
    Detail,
    /// What came with a 5xx, which was written for whoever reads the log, if for anybody.
    Private,
    /// The problem that another layer of ours wrote.
    Rejection(Rejection),
}

impl Found {
    pub(crate) fn of<B: Body>(response: &mut Response<B>, asked: &Asked) -> Self {
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
        text.found(response, asked)
    }
}

impl Text {
    fn found<B: Body>(self, response: &Response<B>, asked: &Asked) -> Found {
        let bare = || match self {
            Self::Rejection(rejection) => Problem::of_rejection(rejection),
            Self::Detail | Self::Private => Problem::of_status(response.status()),
        };
        if asked.is_head {
            return Found::Unread(bare());
        }
        if response.body().is_end_stream() {
            return Found::Problem(unrouted(bare(), response.headers()));
        }
        let most = response.body().size_hint().upper();
        if most.is_some_and(|most| most <= LONGEST_TEXT) && !is_encoded(response.headers()) {
            return Found::Text(self);
        }
        // Too long for a sentence: whatever it is, with a 4xx it was meant for the caller.
        if self == Self::Detail { Found::Whole } else { Found::Problem(bare()) }
    }

    /// The problem that `text` makes of the response it was read from; `None` if it could not be read.
    pub(crate) fn problem(self, parts: &Parts, text: Option<&str>) -> Problem {
        let is_empty = text == Some("");
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        let bare = Problem::of_status(parts.status);
        match (self, text) {
            (Self::Rejection(rejection), text) => {
                let written = text.and_then(|json| serde_json::from_str::<Problem>(json).ok());
                let grpc_code = rejection.kind.grpc_code();
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

/// No content type, or plain text: what frameworks answer with when nobody has thought of the error.
fn is_bare(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        let name = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"text/plain")
    })
}

/// Returns the problem of a response without a body. Routers answer a path without a route by a 404 that has no
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

/// Whether a response is any business of this layer's.
pub(crate) fn is_error(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}
