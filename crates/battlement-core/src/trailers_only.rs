use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{GrpcCode, grpc_code::GRPC_STATUS};

const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const GRPC_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// A gRPC response that consists of a status in the headers (gRPC over HTTP/2, "Trailers-Only").
///
/// # Example
///
/// ```
/// use battlement_core::{GrpcCode, TrailersOnly};
///
/// let mut headers = http::HeaderMap::new();
/// TrailersOnly::new(GrpcCode::NotFound, "no such café").write(&mut headers);
/// assert_eq!(headers["grpc-status"], "5");
/// assert_eq!(headers["grpc-message"], "no such caf%C3%A9");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TrailersOnly<'a> {
    code: GrpcCode,
    message: &'a str,
    pushback: Option<Duration>,
}

impl<'a> TrailersOnly<'a> {
    /// Creates a response with the status `code`, explained by `message`.
    #[must_use]
    pub const fn new(code: GrpcCode, message: &'a str) -> Self {
        Self { code, message, pushback: None }
    }

    /// Sets the time after which a retry is worthwhile. Default: unset, and no header is written.
    #[must_use]
    pub const fn pushback(mut self, wait: Option<Duration>) -> Self {
        self.pushback = wait;
        self
    }

    /// Writes the status into the headers of a response, and replaces one that is present. The content type is set by
    /// [`Wire::content_type`](crate::Wire::content_type), which knows the caller's framing.
    pub fn write(self, headers: &mut HeaderMap) {
        headers.insert(GRPC_STATUS, self.code.header_value());
        headers.insert(GRPC_MESSAGE, percent_encode(self.message));
        if let Some(wait) = self.pushback {
            headers.insert(GRPC_PUSHBACK, HeaderValue::from(millis_up(wait)));
        }
    }
}

/// Encodes `text` for `grpc-message`: bytes outside space to `~`, and `%`, as `%XX`.
fn percent_encode(text: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    HeaderValue::from_maybe_shared(Bytes::from(encoded)).unwrap_or(HeaderValue::from_static(""))
}

fn millis_up(wait: Duration) -> u64 {
    let up = u64::from(!wait.subsec_nanos().is_multiple_of(1_000_000));
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(up)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_grpc_message_is_printable_ascii_and_decodes_to_the_text(text in any::<String>()) {
            let value = percent_encode(&text);
            let encoded = value.to_str().unwrap();
            let mut bytes = encoded.bytes();
            let mut decoded = Vec::new();
            while let Some(byte) = bytes.next() {
                decoded.push(match byte {
                    b'%' => {
                        let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                        u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                    }
                    byte => byte,
                });
            }
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), text);
        }
    }

    #[test]
    fn a_pushback_never_asks_to_come_back_too_early() {
        assert_eq!(millis_up(Duration::from_micros(1)), 1);
        assert_eq!(millis_up(Duration::from_millis(7)), 7);
        assert_eq!(millis_up(Duration::MAX), u64::MAX);
    }
}
