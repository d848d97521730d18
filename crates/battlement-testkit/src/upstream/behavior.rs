use std::{error::Error, fmt, str::FromStr, time::Duration};

use http::HeaderValue;

/// The behavior of an upstream, selected by a request.
///
/// The text form is for clients that are not written in Rust: `late 200ms`, `reset-head`. A list contains one behavior
/// for each request with the same `idempotency-key`, and its last behavior applies to all further requests: `error,
/// reset-head, answer`.
///
/// All behaviors except `RefuseStream` and `GoAway` count the request as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Behavior {
    /// Does the work and answers: `answer`.
    Answer,
    /// Does the work and answers after a delay: `late 200ms`. If the client goes away sooner, the work is not done.
    Late(Duration),
    /// Does the work, and sends the body byte by byte with a pause after each: `drip 10ms`.
    Drip(Duration),
    /// Does the work, and sends its body as several events or gRPC messages: `stream 3 100ms`.
    ///
    /// Over HTTP, the response is an event stream (`text/event-stream`). Over gRPC, it is a server stream, such as
    /// `EchoClient::repeat` reads; a unary client reports the second message as an error.
    Stream {
        /// The number of events or messages.
        events: u16,
        /// The pause after each of them.
        pause: Duration,
    },
    /// Does the work, and sends a [`Stream`](Self::Stream) that breaks after its last event: `stream 3 100ms
    /// reset-stream`.
    BrokenStream {
        /// The number of events or messages before the stream breaks.
        events: u16,
        /// The pause after each of them.
        pause: Duration,
        /// The way in which the stream breaks.
        by: Break,
    },
    /// Does no work, and answers with status 500 or INTERNAL: `error`.
    Error,
    /// Does no work, and answers with status 503 and `Retry-After`, in whole seconds, or with UNAVAILABLE and
    /// `grpc-retry-pushback-ms`: `overloaded 7000ms`.
    Overloaded(Duration),
    /// Does the work, and resets the TCP connection before the response head: `reset-head`.
    ResetHead,
    /// Does the work, and resets the TCP connection in the middle of the body: `reset-body`.
    ResetBody,
    /// Does the work, and ends the body prematurely: `truncate`. Over HTTP/1, the connection closes; over HTTP/2, the
    /// stream ends without trailers.
    Truncate,
    /// Does no work, and announces with GOAWAY that the stream is not processed and the connection will close:
    /// `go-away`. Later streams of the connection are refused, too. Over HTTP/1, the connection closes without a response.
    GoAway,
    /// Does no work, and resets the stream with REFUSED_STREAM: `refuse-stream`. Over HTTP/1, the connection closes
    /// without a response.
    RefuseStream,
    /// Does no work, and fails after the body, with INTERNAL in the trailer `grpc-status`: `fail-trailers`.
    FailTrailers,
    /// Does no work, and fails before the body, with UNAVAILABLE in the trailer `grpc-status`: `unavailable-trailers`.
    UnavailableTrailers,
    /// Does no work, and keeps the request until the client goes away: `hang`.
    Hang,
}

/// A way in which a stream breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Break {
    /// INTERNAL in the trailer `grpc-status`: `fail-trailers`. Over HTTP, the stream is complete.
    FailTrailers,
    /// A reset of the HTTP/2 stream with INTERNAL_ERROR, while its connection lives on: `reset-stream`. Over HTTP/1,
    /// the TCP connection is reset.
    ResetStream,
    /// A reset of the TCP connection: `reset-connection`.
    ResetConnection,
    /// A missing end: `truncate`. Over HTTP/1, the connection closes. Over HTTP/2, the stream ends without trailers, so
    /// that it has no status over gRPC and is complete over HTTP, since its length is unknown.
    Truncate,
    /// Silence until the client goes away: `hang`.
    Hang,
}

impl Break {
    const ALL: [Self; 5] =
        [Self::FailTrailers, Self::ResetStream, Self::ResetConnection, Self::Truncate, Self::Hang];

    const fn name(self) -> &'static str {
        match self {
            Self::FailTrailers => "fail-trailers",
            Self::ResetStream => "reset-stream",
            Self::ResetConnection => "reset-connection",
            Self::Truncate => "truncate",
            Self::Hang => "hang",
        }
    }
}

impl Behavior {
    /// The request header that contains the behavior.
    pub const HEADER: &'static str = "x-behavior";

    /// Returns the header value that selects these behaviors, one for each request with the same `idempotency-key`.
    ///
    /// # Panics
    ///
    /// Panics if `behaviors` is empty.
    #[must_use]
    pub fn list(behaviors: &[Self]) -> HeaderValue {
        assert!(!behaviors.is_empty(), "a list of behaviors is empty");
        let texts: Vec<_> = behaviors.iter().map(ToString::to_string).collect();
        HeaderValue::try_from(texts.join(", ")).expect("the text form is visible ASCII")
    }

    /// Returns the behavior for a request with this number of earlier requests.
    pub(super) fn of(value: Option<&HeaderValue>, earlier: u64) -> Result<Self, UnknownBehavior> {
        let Some(value) = value else { return Ok(Self::Answer) };
        let text = String::from_utf8_lossy(value.as_bytes());
        let texts: Vec<_> = text.split(',').collect();
        let nth = usize::try_from(earlier).unwrap_or(usize::MAX).min(texts.len() - 1);
        texts[nth].parse()
    }
}

impl fmt::Display for Behavior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, time) = match self {
            Self::Answer => ("answer", None),
            Self::Late(time) => ("late", Some(time)),
            Self::Drip(time) => ("drip", Some(time)),
            Self::Stream { events, pause } => {
                return write!(f, "stream {events} {}ms", pause.as_millis());
            }
            Self::BrokenStream { events, pause, by } => {
                return write!(f, "stream {events} {}ms {}", pause.as_millis(), by.name());
            }
            Self::Error => ("error", None),
            Self::Overloaded(time) => ("overloaded", Some(time)),
            Self::ResetHead => ("reset-head", None),
            Self::ResetBody => ("reset-body", None),
            Self::Truncate => ("truncate", None),
            Self::GoAway => ("go-away", None),
            Self::RefuseStream => ("refuse-stream", None),
            Self::FailTrailers => ("fail-trailers", None),
            Self::UnavailableTrailers => ("unavailable-trailers", None),
            Self::Hang => ("hang", None),
        };
        match time {
            Some(time) => write!(f, "{name} {}ms", time.as_millis()),
            None => f.write_str(name),
        }
    }
}

impl FromStr for Behavior {
    type Err = UnknownBehavior;

    fn from_str(text: &str) -> Result<Self, UnknownBehavior> {
        let unknown = || UnknownBehavior { text: text.to_owned() };
        if let Some(stream) = text.trim().strip_prefix("stream ") {
            return stream_of(stream).ok_or_else(unknown);
        }
        let (name, time) = match text.trim().split_once(' ') {
            Some((name, time)) => (name, Some(milliseconds(time).ok_or_else(unknown)?)),
            None => (text.trim(), None),
        };
        Ok(match (name, time) {
            ("answer", None) => Self::Answer,
            ("late", Some(time)) => Self::Late(time),
            ("drip", Some(time)) => Self::Drip(time),
            ("error", None) => Self::Error,
            ("overloaded", Some(time)) => Self::Overloaded(time),
            ("reset-head", None) => Self::ResetHead,
            ("reset-body", None) => Self::ResetBody,
            ("truncate", None) => Self::Truncate,
            ("go-away", None) => Self::GoAway,
            ("refuse-stream", None) => Self::RefuseStream,
            ("fail-trailers", None) => Self::FailTrailers,
            ("unavailable-trailers", None) => Self::UnavailableTrailers,
            ("hang", None) => Self::Hang,
            _ => return Err(unknown()),
        })
    }
}

fn stream_of(text: &str) -> Option<Behavior> {
    let mut words = text.split_whitespace();
    let (events, pause) = (words.next()?.parse().ok()?, milliseconds(words.next()?)?);
    match (words.next(), words.next()) {
        (None, _) => Some(Behavior::Stream { events, pause }),
        (Some(name), None) => {
            let by = Break::ALL.into_iter().find(|by| by.name() == name)?;
            Some(Behavior::BrokenStream { events, pause, by })
        }
        _ => None,
    }
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.trim().strip_suffix("ms")?.parse().ok().map(Duration::from_millis)
}

impl From<Behavior> for HeaderValue {
    fn from(behavior: Behavior) -> Self {
        Behavior::list(&[behavior])
    }
}

/// A text that is not the name of a behavior; an upstream answers such a request with status 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBehavior {
    text: String,
}

impl fmt::Display for UnknownBehavior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown behavior {:?}", self.text)
    }
}

impl Error for UnknownBehavior {}
