use std::{fmt, str::FromStr, time::Duration};

use battlement_core::is_reserved_header;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{number, single};

/// A header in which the remaining time of a request travels over plain HTTP.
///
/// The default is `x-request-timeout-ms`, in whole milliseconds. A value that is empty, malformed, duplicate or of more
/// than 8 digits counts as absent; 0 means that no time is left.
///
/// # Example
///
/// ```
/// use battlement_timeout::TimeoutHeader;
///
/// let envoy: TimeoutHeader = "envoy".parse().unwrap();
/// assert_eq!(envoy, TimeoutHeader::envoy());
/// assert!("content-length".parse::<TimeoutHeader>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeoutHeader {
    name: HeaderName,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Whole milliseconds.
    Millis,
    /// A whole number and a unit, as `250ms`.
    WithUnit,
}

/// The error of a [`TimeoutHeader`] whose name cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTimeoutHeader(String);

/// The longest time that is written: 8 digits of milliseconds, more than a day.
const LONGEST: Duration = Duration::from_millis(99_999_999);

impl TimeoutHeader {
    /// Creates a header of this name, with whole milliseconds.
    ///
    /// # Panics
    ///
    /// If HTTP or gRPC defines the header itself, such as `date` or `grpc-timeout`.
    #[must_use]
    pub fn milliseconds(name: HeaderName) -> Self {
        assert!(is_usable(&name), "TimeoutHeader: {}", unusable(name.as_str()));
        Self { name, form: Form::Millis }
    }

    /// Returns Envoy's header, `x-envoy-expected-rq-timeout-ms`: the time that a proxy waits for the response, in
    /// milliseconds.
    #[must_use]
    pub const fn envoy() -> Self {
        let name = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");
        Self { name, form: Form::Millis }
    }

    /// Returns Linkerd's header, `l5d-timeout`: a number with a unit, such as `250ms` or `10s`.
    #[must_use]
    pub const fn linkerd() -> Self {
        Self { name: HeaderName::from_static("l5d-timeout"), form: Form::WithUnit }
    }

    /// Returns the name of the header.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Returns the time in the header, if it has a usable value.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<Duration> {
        self.parse(single(headers, &self.name)?)
    }

    fn parse(&self, value: &[u8]) -> Option<Duration> {
        match self.form {
            Form::Millis => Some(Duration::from_millis(number(value)?)),
            Form::WithUnit => with_unit(value),
        }
    }

    /// Returns the value for `time`: whole milliseconds, never more than the time.
    #[cfg_attr(not(test), expect(dead_code, reason = "the propagation of deadlines writes it"))]
    pub(crate) fn value(&self, time: Duration) -> HeaderValue {
        let millis = u64::try_from(time.min(LONGEST).as_millis()).unwrap_or(0);
        let mut text = [0; 10];
        text[8..].copy_from_slice(b"ms");
        let (mut start, mut rest) = (8, millis);
        loop {
            start -= 1;
            text[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            if rest == 0 || start == 0 {
                break;
            }
        }
        let end = match self.form {
            Form::Millis => 8,
            Form::WithUnit => 10,
        };
        HeaderValue::from_bytes(&text[start..end]).unwrap_or(HeaderValue::from_static("0"))
    }
}

/// Reads a whole number and a unit.
fn with_unit(value: &[u8]) -> Option<Duration> {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, unit) = value.split_at_checked(digits)?;
    let number = number(digits)?;
    match unit {
        b"ns" => Some(Duration::from_nanos(number)),
        b"us" => Some(Duration::from_micros(number)),
        b"ms" => Some(Duration::from_millis(number)),
        b"s" => Some(Duration::from_secs(number)),
        b"m" => Some(Duration::from_secs(number * 60)),
        b"h" => Some(Duration::from_secs(number * 60 * 60)),
        b"d" => Some(Duration::from_secs(number * 24 * 60 * 60)),
        _ => None,
    }
}

fn is_usable(name: &HeaderName) -> bool {
    !is_reserved_header(name) && !name.as_str().starts_with("grpc-")
}

fn unusable(name: &str) -> String {
    format!("must be a header of your own, `envoy` or `linkerd`, got {name:?}")
}

impl Default for TimeoutHeader {
    /// Returns `x-request-timeout-ms`.
    fn default() -> Self {
        Self { name: HeaderName::from_static("x-request-timeout-ms"), form: Form::Millis }
    }
}

/// Parses `envoy`, `linkerd`, or the name of a header with whole milliseconds.
impl FromStr for TimeoutHeader {
    type Err = InvalidTimeoutHeader;

    fn from_str(text: &str) -> Result<Self, InvalidTimeoutHeader> {
        let presets = [("envoy", Self::envoy()), ("linkerd", Self::linkerd())];
        for (word, preset) in presets {
            if text == word || text.eq_ignore_ascii_case(preset.name.as_str()) {
                return Ok(preset);
            }
        }
        let name = text.parse().ok().filter(is_usable);
        let name = name.ok_or_else(|| InvalidTimeoutHeader(unusable(text)))?;
        Ok(Self { name, form: Form::Millis })
    }
}

impl fmt::Display for InvalidTimeoutHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTimeoutHeader {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMS: [fn() -> TimeoutHeader; 3] =
        [TimeoutHeader::default, TimeoutHeader::envoy, TimeoutHeader::linkerd];

    proptest! {
        #[test]
        fn a_time_that_is_written_and_read_is_never_longer_and_less_than_a_millisecond_shorter(
            micros in 0..200_000_000_000_u64,
        ) {
            let time = Duration::from_micros(micros);
            for header in FORMS.map(|form| form()) {
                let read = header.parse(header.value(time).as_bytes()).unwrap();
                prop_assert!(read <= time && time.min(LONGEST) - read < Duration::from_millis(1));
            }
        }

        #[test]
        fn no_bytes_panic(value in prop::collection::vec(any::<u8>(), 0..12)) {
            for header in FORMS.map(|form| form()) {
                let _ = header.parse(&value);
            }
        }
    }

    #[test]
    fn milliseconds_have_one_to_eight_digits_and_nothing_else() {
        let header = TimeoutHeader::default();
        for (value, millis) in [("0", 0), ("50", 50), ("00000050", 50), ("99999999", 99_999_999)] {
            assert_eq!(header.parse(value.as_bytes()), Some(Duration::from_millis(millis)));
        }
        for value in ["", " 5", "5 ", "-1", "+5", "5ms", "5, 5", "1e3", "123456789", "0x10"] {
            assert_eq!(header.parse(value.as_bytes()), None, "{value:?}");
        }
    }

    #[test]
    fn linkerds_value_has_a_unit() {
        let header = TimeoutHeader::linkerd();
        for (value, millis) in [("250ms", 250), ("10s", 10_000), ("2m", 120_000), ("0s", 0)] {
            assert_eq!(header.parse(value.as_bytes()), Some(Duration::from_millis(millis)));
        }
        for value in ["", "250", "s", "-1s", "1.5s", "1w", "123456789s", "1 s"] {
            assert_eq!(header.parse(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(header.value(Duration::from_secs(2)), "2000ms");
    }

    #[test]
    fn a_duplicate_header_counts_as_absent() {
        let header = TimeoutHeader::default();
        let mut headers = HeaderMap::new();
        headers.append(header.name().clone(), HeaderValue::from_static("5"));
        assert_eq!(header.read(&headers), Some(Duration::from_millis(5)));
        headers.append(header.name().clone(), HeaderValue::from_static("9"));
        assert_eq!(header.read(&headers), None);
    }

    #[test]
    fn a_header_is_named_by_a_word_or_by_its_name() {
        for (text, header) in [
            ("envoy", TimeoutHeader::envoy()),
            ("l5d-timeout", TimeoutHeader::linkerd()),
            ("X-Request-Timeout-Ms", TimeoutHeader::default()),
        ] {
            assert_eq!(text.parse(), Ok(header));
        }
        for text in ["", "not a header", "date", "grpc-timeout"] {
            let error = text.parse::<TimeoutHeader>().unwrap_err().to_string();
            assert!(error.ends_with(&format!("got {text:?}")), "{error}");
        }
    }
}
