use battlement_core::Wire;
use bytes::Buf;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::{config::Config, message::FirstMessage};

/// The part of a response's body to which the deadline applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    FirstMessage(FirstMessage),
}

impl Part {
    /// Returns the part of the body of `response` to a request of this form; `None` if the deadline does not apply.
    #[inline]
    pub(super) fn of<B>(
        config: &Config,
        wire: Wire,
        has_grpc_timeout: bool,
        response: &Response<B>,
    ) -> Option<Self> {
        let Config { bodies, event_streams, grpc_streams, .. } = *config;
        if !(bodies || event_streams || grpc_streams || has_grpc_timeout) {
            return None;
        }
        match wire {
            Wire::Http => Self::of_http(config, response),
            _ if grpc_streams => Some(Self::Whole),
            _ if has_grpc_timeout || bodies => Self::of_unary(response.headers()),
            _ => None,
        }
    }

    /// Reads data of the body, and returns whether the part has ended.
    pub(super) fn ends_with(&mut self, data: &impl Buf) -> bool {
        match self {
            Self::Whole => false,
            Self::FirstMessage(message) => message.read(data),
        }
    }

    fn of_http<B>(config: &Config, response: &Response<B>) -> Option<Self> {
        let applies = match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => false,
            _ if is(response.headers(), b"text/event-stream") => config.event_streams,
            _ => config.bodies,
        };
        applies.then_some(Self::Whole)
    }

    /// Returns the first message, with which a unary call ends. gRPC-Web in base64 does not show its messages.
    fn of_unary(headers: &HeaderMap) -> Option<Self> {
        let is_text = is(headers, b"application/grpc-web-text");
        (!is_text).then(|| Self::FirstMessage(FirstMessage::default()))
    }
}

/// Returns whether the content type begins with `media_type`.
fn is(headers: &HeaderMap, media_type: &[u8]) -> bool {
    let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let start = value.and_then(|value| value.get(..media_type.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(media_type))
}
