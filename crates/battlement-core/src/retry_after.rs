use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};

/// The `Retry-After` header (RFC 9110, section 10.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// Parses the header in either form, seconds or date; a date in the past is a wait of zero.
    ///
    /// A wait of more than 136 years (2³² seconds) is reduced to that, so that it can be added to any clock. The wall
    /// clock is read only for a date. An invalid header is `None`.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self(bounded(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))));
        }
        let date = httpdate::parse_http_date(text).ok()?;
        Some(Self(bounded(date.duration_since(SystemTime::now()).unwrap_or_default())))
    }

    /// Returns the value of the header in seconds, rounded up and at least 1: a caller that returns too early is
    /// rejected again.
    #[must_use]
    pub fn header_value(self) -> HeaderValue {
        HeaderValue::from(self.seconds())
    }

    /// Returns whole seconds, rounded up and at least 1.
    #[must_use]
    pub fn seconds(self) -> u64 {
        let up = u64::from(self.0.subsec_nanos() > 0);
        self.0.as_secs().saturating_add(up).max(1)
    }
}

/// Limits the wait that a peer requests to a duration that can be added to a clock.
pub(crate) fn bounded(wait: Duration) -> Duration {
    wait.min(Duration::from_secs(u64::from(u32::MAX)))
}
