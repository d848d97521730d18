use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use battlement_core::Wire;

const EVENT_STREAM: &[u8] = b"text/event-stream";

/// The purpose of a body, as far as limits depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// A message that ends.
    None,
    /// Server-sent events.
    Events,
    /// A gRPC call; a call with one message looks the same.
    Grpc(Wire),
    /// The bytes of another protocol.
    Upgrade,
}

impl Stream {
    pub(crate) fn of_request(method: &Method, headers: &HeaderMap) -> Self {
        match Wire::of_request(method, headers) {
            _ if *method == Method::CONNECT => Self::Upgrade,
            Wire::Http => Self::None,
            wire => Self::Grpc(wire),
        }
    }

    pub(crate) fn of_response<B>(response: &Response<B>) -> Self {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Self::Upgrade;
        }
        match response.headers().get(header::CONTENT_TYPE) {
            None => Self::None,
            Some(value) if is_event_stream(value) => Self::Events,
            Some(_) => match Wire::of(response.headers()) {
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

    fn of_type(content_type: &'static str) -> Stream {
        let response = Response::builder().header("content-type", content_type);
        Stream::of_response(&response.body(()).unwrap())
    }

    #[test]
    fn streams_are_recognized_by_their_content_type() {
        for events in
            ["text/event-stream", "Text/Event-Stream; charset=utf-8", "text/event-stream ;a=b"]
        {
            assert_eq!(of_type(events), Stream::Events, "{events}");
        }
        for other in ["text/event-streams", "text/event", "application/json", ""] {
            assert_eq!(of_type(other), Stream::None, "{other}");
        }
        assert_eq!(of_type("application/grpc+proto"), Stream::Grpc(Wire::Grpc));
        assert_eq!(of_type("application/grpc-web"), Stream::Grpc(Wire::GrpcWeb));
        assert_eq!(Stream::of_response(&Response::new(())), Stream::None);
    }

    #[test]
    fn upgrades_are_recognized_by_the_method_and_by_the_status() {
        let upgrade = Response::builder().status(101).body(()).unwrap();
        assert_eq!(Stream::of_response(&upgrade), Stream::Upgrade);
        let none = HeaderMap::new();
        assert_eq!(Stream::of_request(&Method::CONNECT, &none), Stream::Upgrade);
        assert_eq!(Stream::of_request(&Method::POST, &none), Stream::None);
    }
}
