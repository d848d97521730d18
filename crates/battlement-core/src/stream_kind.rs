use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::Wire;

const EVENT_STREAM: &[u8] = b"text/event-stream";

/// The purpose of a body, as far as limits and drains depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// A message that ends.
    None,
    /// Server-sent events.
    Events,
    /// A gRPC call; a call with one message looks the same.
    Grpc(Wire),
    /// The bytes of another protocol.
    Upgrade,
}

impl StreamKind {
    /// Returns the kind of the body of a request.
    #[must_use]
    pub fn of_request(method: &Method, headers: &HeaderMap) -> Self {
        match Wire::of_request(method, headers) {
            _ if *method == Method::CONNECT => Self::Upgrade,
            Wire::Http => Self::None,
            wire => Self::Grpc(wire),
        }
    }

    /// Returns the kind of the body of a response.
    pub fn of_response<B>(response: &Response<B>) -> Self {
        Self::of_head(response.status(), response.headers())
    }

    /// Returns the kind of the body of a response with this head.
    #[must_use]
    pub fn of_head(status: StatusCode, headers: &HeaderMap) -> Self {
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Self::Upgrade;
        }
        match headers.get(header::CONTENT_TYPE) {
            None => Self::None,
            Some(value) if is_event_stream(value) => Self::Events,
            Some(_) => match Wire::of(headers) {
                Wire::Http => Self::None,
                wire => Self::Grpc(wire),
            },
        }
    }
}

fn is_event_stream(value: &HeaderValue) -> bool {
    let Some((start, rest)) = value.as_bytes().split_at_checked(EVENT_STREAM.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(EVENT_STREAM)
        && matches!(rest.first(), None | Some(b';' | b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_type(content_type: &'static str) -> StreamKind {
        let response = Response::builder().header("content-type", content_type);
        StreamKind::of_response(&response.body(()).unwrap())
    }

    #[test]
    fn streams_are_recognized_by_their_content_type() {
        for events in
            ["text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream ;a=b"]
        {
            assert_eq!(of_type(events), StreamKind::Events, "{events}");
        }
        for other in ["text/event-streams", "text/event", "application/json", ""] {
            assert_eq!(of_type(other), StreamKind::None, "{other}");
        }
        assert_eq!(of_type("application/grpc+proto"), StreamKind::Grpc(Wire::Grpc));
        assert_eq!(of_type("application/grpc-web"), StreamKind::Grpc(Wire::GrpcWeb));
        assert_eq!(StreamKind::of_response(&Response::new(())), StreamKind::None);
    }

    #[test]
    fn upgrades_are_recognized_by_the_method_and_by_the_status() {
        let upgrade = Response::builder().status(101).body(()).unwrap();
        assert_eq!(StreamKind::of_response(&upgrade), StreamKind::Upgrade);
        let none = HeaderMap::new();
        assert_eq!(StreamKind::of_request(&Method::CONNECT, &none), StreamKind::Upgrade);
        assert_eq!(StreamKind::of_request(&Method::POST, &none), StreamKind::None);
    }
}
