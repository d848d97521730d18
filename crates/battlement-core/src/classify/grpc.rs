use std::time::Duration;

use http::HeaderMap;

use super::{Classify, Head, Judgment};
use crate::{Ending, Failure, GrpcCode, Pushback, Verdict, WebTrailers, retry_after::bounded};

/// Judges a call by `grpc-status`, in the head of a trailers-only response, else in the trailers.
///
/// | status | verdict |
/// |---|---|
/// | OK, and codes that blame the request | success: the service did its work |
/// | CANCELLED | ignored: the caller gave up |
/// | UNKNOWN, UNIMPLEMENTED, INTERNAL, DATA_LOSS | the service failed |
/// | DEADLINE_EXCEEDED | timeout |
/// | RESOURCE_EXHAUSTED, UNAVAILABLE | overload, with the pushback of `grpc-retry-pushback-ms` |
///
/// The failures are the codes that OpenTelemetry's conventions count as errors of a server, and RESOURCE_EXHAUSTED,
/// with which a server rejects calls. A response that ends without a status has failed, whatever its HTTP status,
/// because a connection that closed early looks the same.
///
/// gRPC-Web has its trailers in the body: [`EndBody`](crate::EndBody) reads them with the
/// [`WebTrailers`](crate::WebTrailers) of its owner. If they are hidden, as by a `content-encoding`, the response
/// counts as a success unless its head says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcStatus;

impl Classify for GrpcStatus {
    fn head(&self, head: &Head<'_>) -> Judgment {
        if let Some(rejected) = head.rejected() {
            return Judgment::Now(rejected);
        }
        match GrpcCode::at_head(head.status, head.headers) {
            Some(code) => Judgment::Now(verdict(code, head.headers)),
            None if WebTrailers::of(head.headers).is_some_and(|web| !web.is_readable()) => {
                Judgment::Now(Verdict::Success)
            }
            None => Judgment::AtEnd,
        }
    }

    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict {
        match GrpcCode::at_end(ending, trailers) {
            Some(code) => verdict(code, trailers.unwrap_or(&HeaderMap::new())),
            None => Verdict::Failure(Failure::Transport),
        }
    }
}

pub(crate) fn verdict(code: GrpcCode, headers: &HeaderMap) -> Verdict {
    use GrpcCode::{
        Cancelled, DataLoss, DeadlineExceeded, Internal, ResourceExhausted, Unavailable,
        Unimplemented, Unknown,
    };
    match code {
        Cancelled => Verdict::Ignore,
        Unknown | Unimplemented | Internal | DataLoss => Verdict::Failure(Failure::Server),
        DeadlineExceeded => Verdict::Failure(Failure::Timeout),
        ResourceExhausted | Unavailable => {
            Verdict::Failure(Failure::Overload { pushback: pushback(headers) })
        }
        _ => Verdict::Success,
    }
}

/// Reads the pushback of gRFC A6, in milliseconds; a negative or malformed value means that the call must not be
/// repeated.
fn pushback(headers: &HeaderMap) -> Option<Pushback> {
    let text = headers.get("grpc-retry-pushback-ms")?.as_bytes();
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Some(Pushback::Stop);
    }
    // A number of more than 64 bits is a long wait, not a malformed one.
    let digits = std::str::from_utf8(text).ok();
    let millis = digits.and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX);
    Some(Pushback::Wait(bounded(Duration::from_millis(millis))))
}
