use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::{
    Classify, Ending, Failure, GrpcCode, Head, Judgment, RetryAfter, Verdict, Wire,
};
use http::{Response, StatusCode};
use http_body::Body;

use super::{body::RetryBody, rules::Seen};

/// Whether the first frame of a response is read before the response goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peek {
    /// The response goes back unread.
    No,
    /// A frame that has arrived is read. The call does not wait for one, because the service may in turn wait for the
    /// rest of the request, which the caller sends once it has the response.
    Arrived,
    /// The call waits for the frame.
    Wait,
}

/// The most bytes of a failed response that are read before the wait.
const MOST_READ: u64 = 16 * 1024;

/// The result of an attempt, until it goes back to the caller.
pub enum Answer<B: Body, E> {
    /// A response.
    Response(Response<RetryBody<B>>),
    /// An error.
    Error(E),
    /// A response that was dropped before its end.
    Dropped,
}

impl<B: Body, E> Answer<B, E> {
    #[inline(always)]
    pub(super) fn hold(result: Result<Response<B>, E>) -> Self {
        match result {
            Ok(response) => Self::Response(response.map(RetryBody::new)),
            Err(error) => Self::Error(error),
        }
    }

    /// Returns the wait of `Retry-After`.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let Self::Response(response) = self else { return None };
        RetryAfter::from_headers(response.headers()).map(|after| after.0)
    }

    /// Drops a response that was not read to its end. Returns whether the result is whole.
    pub(super) fn release(&mut self) -> bool {
        if matches!(self, Self::Response(response) if !response.body().is_read()) {
            *self = Self::Dropped;
        }
        !matches!(self, Self::Dropped)
    }

    /// Describes a failed attempt.
    pub(super) fn describe(&self, describe: impl FnOnce(&E) -> String) -> String {
        match self {
            Self::Response(response) => format!("status {}", response.status()),
            Self::Error(error) => describe(error),
            Self::Dropped => "failed".to_owned(),
        }
    }
}

impl<B: Body + Unpin, E> Answer<B, E> {
    /// Judges the result; reads the first frame if the verdict depends on it and `may_peek` allows.
    #[inline(always)]
    pub(super) fn poll_seen(
        &mut self,
        classify: &dyn Classify,
        judge_error: impl FnOnce(&E) -> Seen,
        may_peek: impl FnOnce() -> Peek,
        cx: &mut Context<'_>,
    ) -> Poll<Seen> {
        let response = match self {
            Self::Response(response) => response,
            Self::Error(error) => {
                return Poll::Ready(judge_error(error));
            }
            Self::Dropped => return Poll::Ready(seen(Verdict::Ignore, None)),
        };
        let head = Head::of(response);
        match classify.head(&head) {
            Judgment::Now(verdict) => Poll::Ready(Seen::of_head(verdict, &head)),
            // The trailers of gRPC-Web are data, and so are not seen in the first frame.
            Judgment::AtEnd if Wire::of(response.headers()) == Wire::Grpc => match may_peek() {
                Peek::No => Poll::Ready(PASSED_ON),
                Peek::Arrived => match peek(response, classify, cx) {
                    Poll::Pending => Poll::Ready(PASSED_ON),
                    seen => seen,
                },
                Peek::Wait => peek(response, classify, cx),
            },
            Judgment::AtEnd => Poll::Ready(PASSED_ON),
        }
    }

    /// Reads the rest of a failed response, if it is short.
    pub(super) fn poll_release(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Response(response) => response.body_mut().poll_read_all(MOST_READ, cx).map(drop),
            _ => Poll::Ready(()),
        }
    }
}

/// Judges a response by its first frame.
fn peek<B: Body + Unpin>(
    response: &mut Response<RetryBody<B>>,
    classify: &dyn Classify,
    cx: &mut Context<'_>,
) -> Poll<Seen> {
    let body = response.body_mut();
    if body.last_read().is_none() {
        std::task::ready!(body.poll_read(cx));
    }
    Poll::Ready(match body.last_read() {
        Some(Ok(frame)) => match frame.trailers_ref() {
            Some(trailers) => seen(
                classify.end(Ending::Trailers, Some(trailers)),
                GrpcCode::from_headers(trailers),
            ),
            // The first message: from here on the call is the caller's.
            None => PASSED_ON,
        },
        Some(Err(_)) => seen(Verdict::Failure(Failure::Transport), None),
        None => seen(classify.end(Ending::Complete, None), None),
    })
}

/// A response whose verdict depends on the rest of its body, which is the caller's.
const PASSED_ON: Seen = seen(Verdict::Success, None);

/// Returns what was seen of a gRPC response with the status 200.
const fn seen(verdict: Verdict, grpc: Option<GrpcCode>) -> Seen {
    Seen { verdict, status: Some(StatusCode::OK), grpc, was_unsent: false }
}

impl<B: Body, E> fmt::Debug for Answer<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Response(_) => "Response",
            Self::Error(_) => "Error",
            Self::Dropped => "Dropped",
        })
    }
}
