use battlement_core::{FirstMessage, StreamKind, Wire};
use bytes::Buf;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::config::Config;

const WEB_TEXT: &[u8] = b"application/grpc-web-text";

/// The part of a response's body to which the deadline applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    FirstMessage(FirstMessage),
}

impl Part {
    /// Returns the part of the body of a response with this head, to a request of this form; `None` if the deadline does
    /// not apply.
    pub(super) fn of(
        config: &Config,
        wire: Wire,
        has_grpc_timeout: bool,
        (status, headers): (StatusCode, &HeaderMap),
    ) -> Option<Self> {
        match wire {
            Wire::Http => Self::of_http(config, status, headers),
            _ if config.grpc_streams => Some(Self::Whole),
            _ if has_grpc_timeout || config.bodies => Self::of_unary(headers),
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

    fn of_http(config: &Config, status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let applies = match StreamKind::of_head(status, headers) {
            StreamKind::Upgrade => false,
            StreamKind::Events => config.event_streams,
            StreamKind::None | StreamKind::Grpc(_) => config.bodies,
        };
        applies.then_some(Self::Whole)
    }

    /// Returns the first message, with which a unary call ends. gRPC-Web in base64 does not show its messages.
    fn of_unary(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let start = value.and_then(|value| value.get(..WEB_TEXT.len()));
        let is_text = start.is_some_and(|start| start.eq_ignore_ascii_case(WEB_TEXT));
        (!is_text).then(|| Self::FirstMessage(FirstMessage::default()))
    }
}
