use std::{error::Error, fmt, str::FromStr, time::Duration};

use battlement_core::is_reserved_header;
use http::{HeaderMap, HeaderName};

use super::{Written, digits, millis};

const X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");
const ENVOY: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
const LINKERD: HeaderName = HeaderName::from_static("l5d-timeout");

/// A header of HTTP requests that states the time that is left for the request.
///
/// Default: `x-request-timeout-ms`, in milliseconds. Zero means that no time is left. A value that is empty, malformed
/// or longer than 8 digits counts as absent, and so does a header with several lines.
///
/// A time is written rounded down, so that a receiver never waits longer than its caller: below 10 seconds to a
/// millisecond, above to 10 milliseconds. More than 99,999,990 ms (27 hours) are written as that many. A time below a
/// millisecond would become zero and is not written.
///
/// [`FromStr`] reads a header from settings: `envoy`, `linkerd`, or the name of a header in milliseconds.
///
/// # Example
///
/// ```
/// use battlement_timeout::TimeoutHeader;
///
/// assert_eq!("envoy".parse(), Ok(TimeoutHeader::envoy()));
/// assert_eq!("x-request-timeout-ms".parse(), Ok(TimeoutHeader::default()));
/// let error = "content-length".parse::<TimeoutHeader>().unwrap_err();
/// assert!(error.to_string().contains("HTTP does not define"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimeoutHeader {
    name: HeaderName,
    /// Whether the name is `x-request-timeout-ms`.
    is_default: bool,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Format {
    /// A number of milliseconds.
    Milliseconds,
    /// A number with the unit `ms`, `s`, `m`, `h` or `d`; zero needs no unit.
    WithUnit,
}

impl TimeoutHeader {
    /// Creates a header that has a number of milliseconds as its value.
    ///
    /// # Panics
    ///
    /// If HTTP or gRPC defines the header, such as `date` or `grpc-timeout`.
    #[must_use]
    pub fn milliseconds(name: HeaderName) -> Self {
        if let Some(message) = reserved(&name) {
            panic!("TimeoutHeader: {message}");
        }
        let is_default = name == X_REQUEST_TIMEOUT_MS;
        Self { name, is_default, format: Format::Milliseconds }
    }

    /// Creates the header in which Envoy tells an upstream its timeout: `x-envoy-expected-rq-timeout-ms`, in
    /// milliseconds.
    ///
    /// A timeout of 0 means none in Envoy's own settings, but Envoy does not write this header then: 0 means that no
    /// time is left here as well. An Envoy that receives the header applies it if its router has
    /// `respect_expected_rq_timeout`, and overwrites it otherwise.
    #[must_use]
    pub const fn envoy() -> Self {
        Self { name: ENVOY, is_default: false, format: Format::Milliseconds }
    }

    /// Creates the header with which a client sets the timeout of the Linkerd proxy beside it: `l5d-timeout`, a number
    /// with the unit `ms`, `s`, `m`, `h` or `d`. It is written in milliseconds.
    ///
    /// The proxy applies it only if Linkerd was installed with `--allow-l5d-request-headers`, and then removes it, so
    /// that the next service does not receive it.
    #[must_use]
    pub const fn linkerd() -> Self {
        Self { name: LINKERD, is_default: false, format: Format::WithUnit }
    }

    /// Returns the name of the header.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Returns the name, to insert the header.
    // A constant costs less than the clone of a name.
    #[inline]
    pub(crate) fn owned_name(&self) -> HeaderName {
        if self.is_default { X_REQUEST_TIMEOUT_MS } else { self.name.clone() }
    }

    /// Returns the time that is left for a request; `None` if the header is absent or invalid.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<Duration> {
        self.parse(digits::only_line(&headers.get_all(&self.name))?)
    }

    /// Writes `time`, rounded down; `None` if that is zero.
    #[inline]
    pub(crate) fn write(&self, time: Duration) -> Option<Written> {
        match self.format {
            Format::Milliseconds => millis::write(time),
            Format::WithUnit => millis::write_with_unit(time),
        }
    }

    pub(crate) fn parse(&self, value: &[u8]) -> Option<Duration> {
        let (digits, unit) = match self.format {
            Format::Milliseconds => (value, &b"ms"[..]),
            Format::WithUnit => {
                let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
                value.split_at(digits)
            }
        };
        let number = u64::from(digits::read(digits)?);
        Some(match unit {
            b"ms" => Duration::from_millis(number),
            b"s" => Duration::from_secs(number),
            b"m" => Duration::from_secs(number * 60),
            b"h" => Duration::from_secs(number * 3600),
            b"d" => Duration::from_secs(number * 24 * 3600),
            b"" if number == 0 => Duration::ZERO,
            _ => return None,
        })
    }
}

impl Default for TimeoutHeader {
    fn default() -> Self {
        Self::milliseconds(X_REQUEST_TIMEOUT_MS)
    }
}

impl fmt::Display for TimeoutHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_str())
    }
}

/// Returns why a header cannot state a timeout, if it cannot.
fn reserved(name: &HeaderName) -> Option<String> {
    is_reserved_header(name).then(|| {
        format!(
            "must be a header that HTTP does not define, got `{name}`; use a header such as x-request-timeout-ms"
        )
    })
}

/// The error of a text that does not name a [`TimeoutHeader`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTimeoutHeader {
    message: String,
}

impl fmt::Display for InvalidTimeoutHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for InvalidTimeoutHeader {}

/// Reads `envoy`, `linkerd`, or the name of a header. A name without a hyphen is refused, since it is more likely a
/// preset that is misspelled.
impl FromStr for TimeoutHeader {
    type Err = InvalidTimeoutHeader;

    fn from_str(text: &str) -> Result<Self, InvalidTimeoutHeader> {
        match text {
            "envoy" => return Ok(Self::envoy()),
            "linkerd" => return Ok(Self::linkerd()),
            _ => {}
        }
        let name = HeaderName::from_str(text).ok();
        if let Some(message) = name.as_ref().and_then(reserved) {
            return Err(InvalidTimeoutHeader { message });
        }
        match name {
            Some(name) if name == LINKERD => Ok(Self::linkerd()),
            Some(name) if text.contains('-') => Ok(Self::milliseconds(name)),
            _ => Err(InvalidTimeoutHeader {
                message: format!(
                    "must be `envoy`, `linkerd` or a header such as `x-request-timeout-ms`, got {text:?}"
                ),
            }),
        }
    }
}

impl TryFrom<&str> for TimeoutHeader {
    type Error = InvalidTimeoutHeader;

    fn try_from(text: &str) -> Result<Self, InvalidTimeoutHeader> {
        text.parse()
    }
}

#[cfg(test)]
mod tests;
