use http::{HeaderMap, StatusCode};

use super::{Classify, Head, Judgment};
use crate::{Ending, Failure, Pushback, RetryAfter, Verdict};

/// Judges a call by the HTTP status, at the head.
///
/// | status | verdict |
/// |---|---|
/// | 1xx to 3xx, and 4xx except those below | success: the service did its work |
/// | 429, 503 | overload, with the wait of `Retry-After` |
/// | 504 | timeout |
/// | 499 | ignored: the caller went away |
/// | other 5xx | the service failed |
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpStatus;

impl Classify for HttpStatus {
    #[inline]
    fn head(&self, head: &Head<'_>) -> Judgment {
        // The verdict on most responses, without a call.
        if head.status.as_u16() < 400 && head.extensions.is_empty() {
            return Judgment::Now(Verdict::Success);
        }
        judged(head)
    }

    fn end(&self, ending: Ending, _trailers: Option<&HeaderMap>) -> Verdict {
        match ending {
            Ending::Complete | Ending::Trailers => Verdict::Success,
            Ending::Error => Verdict::Failure(Failure::Transport),
            Ending::Dropped => Verdict::Ignore,
        }
    }
}

#[inline(never)]
fn judged(head: &Head<'_>) -> Judgment {
    Judgment::Now(head.rejected().unwrap_or_else(|| verdict(head.status, head.headers)))
}

fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    match status.as_u16() {
        429 | 503 => {
            let pushback = RetryAfter::from_headers(headers).map(|wait| Pushback::Wait(wait.0));
            Verdict::Failure(Failure::Overload { pushback })
        }
        499 => Verdict::Ignore,
        504 => Verdict::Failure(Failure::Timeout),
        500.. => Verdict::Failure(Failure::Server),
        _ => Verdict::Success,
    }
}
