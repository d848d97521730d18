use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER},
};

use super::{ATTEMPT, BODY, Behavior, Break};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");
const OK: u64 = 0;
const INTERNAL: u64 = 13;
const UNAVAILABLE: u64 = 14;

/// A step of a response.
#[derive(Debug)]
pub(super) enum Step {
    Wait(Duration),
    /// Counts the request as processed.
    Work,
    /// Sends the head. The length of the body is announced only if the head has a `content-length`.
    Head(StatusCode, HeaderMap),
    Data(Bytes),
    /// Ends the body with trailers.
    Trailers(HeaderMap),
    /// Ends the body.
    End,
    /// Ends the body prematurely.
    Cut,
    /// Resets the HTTP/2 stream, or the TCP connection of HTTP/1.
    ResetStream,
    /// Resets the TCP connection.
    Reset,
    /// Waits until the client goes away.
    Hang,
}

/// The response to a request, before its behavior is applied.
#[derive(Debug)]
pub(super) struct Answer {
    is_grpc: bool,
    attempt: u64,
    body: Bytes,
}

impl Answer {
    pub(super) fn new(is_grpc: bool, attempt: u64, request: Bytes) -> Self {
        let body = if request.is_empty() { Bytes::from_static(BODY.as_bytes()) } else { request };
        Self { is_grpc, attempt, body }
    }

    pub(super) fn plan(&self, behavior: Option<Behavior>) -> Vec<Step> {
        let Some(behavior) = behavior else {
            return self.fail(StatusCode::BAD_REQUEST, INTERNAL, None);
        };
        let (first, rest) = self.halves();
        match behavior {
            Behavior::Late(time) => {
                vec![
                    Step::Wait(time),
                    Step::Work,
                    self.ok(),
                    Step::Data(first),
                    Step::Data(rest),
                    self.end(OK),
                ]
            }
            Behavior::Drip(pause) => self.drip(pause),
            Behavior::Stream { events, pause } => self.stream(events, pause, self.end(OK)),
            Behavior::BrokenStream { events, pause, by } => {
                self.stream(events, pause, self.broken(by))
            }
            Behavior::Error => self.fail(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL, None),
            Behavior::Overloaded(wait) => {
                self.fail(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, Some(wait))
            }
            Behavior::ResetHead => vec![Step::Work, Step::Reset],
            Behavior::ResetBody => vec![Step::Work, self.ok(), Step::Data(first), Step::Reset],
            Behavior::Truncate => vec![Step::Work, self.ok(), Step::Data(first), Step::Cut],
            Behavior::FailTrailers => {
                let head = Step::Head(StatusCode::OK, self.headers(None));
                vec![head, Step::Data(first), Step::Data(rest), Step::Trailers(status(INTERNAL))]
            }
            Behavior::UnavailableTrailers => {
                let head = Step::Head(StatusCode::OK, self.headers(None));
                vec![head, Step::Trailers(status(UNAVAILABLE))]
            }
            Behavior::Hang => vec![Step::Hang],
            Behavior::Answer | Behavior::GoAway | Behavior::RefuseStream => {
                vec![Step::Work, self.ok(), Step::Data(first), Step::Data(rest), self.end(OK)]
            }
        }
    }

    fn drip(&self, pause: Duration) -> Vec<Step> {
        let mut steps = vec![Step::Work, self.ok()];
        for at in 0..self.body.len() {
            steps.extend([Step::Data(self.body.slice(at..=at)), Step::Wait(pause)]);
        }
        steps.push(self.end(OK));
        steps
    }

    fn stream(&self, events: u16, pause: Duration, end: Step) -> Vec<Step> {
        let (mut headers, mut event) = (self.headers(None), self.body.clone());
        if !self.is_grpc {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            event = Bytes::from([b"data: ", self.body.trim_ascii_end(), b"\n\n"].concat());
        }
        let mut steps = vec![Step::Work, Step::Head(StatusCode::OK, headers)];
        for _ in 0..events {
            steps.extend([Step::Data(event.clone()), Step::Wait(pause)]);
        }
        steps.push(end);
        steps
    }

    fn broken(&self, by: Break) -> Step {
        match by {
            Break::FailTrailers => self.end(INTERNAL),
            Break::ResetStream => Step::ResetStream,
            Break::ResetConnection => Step::Reset,
            Break::Truncate => Step::Cut,
            Break::Hang => Step::Hang,
        }
    }

    /// Returns a response without a body: over gRPC with the status in its head.
    fn fail(&self, http: StatusCode, grpc: u64, wait: Option<Duration>) -> Vec<Step> {
        let mut headers = self.headers((!self.is_grpc).then_some(0));
        if self.is_grpc {
            headers.extend(status(grpc));
            headers.extend(wait.map(|wait| (PUSHBACK, number(wait.as_millis() as u64))));
        } else {
            headers.extend(wait.map(|wait| (RETRY_AFTER, number(wait.as_secs()))));
        }
        let http = if self.is_grpc { StatusCode::OK } else { http };
        vec![Step::Head(http, headers), Step::End]
    }

    fn ok(&self) -> Step {
        let length = (!self.is_grpc).then_some(self.body.len());
        Step::Head(StatusCode::OK, self.headers(length))
    }

    fn end(&self, code: u64) -> Step {
        if self.is_grpc { Step::Trailers(status(code)) } else { Step::End }
    }

    fn headers(&self, length: Option<usize>) -> HeaderMap {
        let content_type = if self.is_grpc { "application/grpc" } else { "text/plain" };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(ATTEMPT, number(self.attempt));
        headers.extend(length.map(|length| (CONTENT_LENGTH, number(length as u64))));
        headers
    }

    fn halves(&self) -> (Bytes, Bytes) {
        let mut first = self.body.clone();
        let rest = first.split_off(self.body.len() / 2);
        (first, rest)
    }
}

fn status(code: u64) -> HeaderMap {
    HeaderMap::from_iter([(GRPC_STATUS, number(code))])
}

fn number(number: u64) -> HeaderValue {
    number.into()
}
