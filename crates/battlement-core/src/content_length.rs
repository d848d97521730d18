use http::{HeaderMap, HeaderValue, header};

/// Returns the length that `headers` declare for a body, in bytes.
///
/// `None` for a missing header and for a value that is not a decimal number (RFC 9110, section 8.6).
#[must_use]
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    declared(headers.get(header::CONTENT_LENGTH)?)
}

/// Returns the length that one value of the header declares.
pub(crate) fn declared(value: &HeaderValue) -> Option<u64> {
    let text = value.to_str().ok()?;
    // `parse` accepts a sign, and the header does not.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_digits_alone() {
        for (text, length) in [
            ("0", Some(0)),
            ("512", Some(512)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("+5", None),
            ("-5", None),
            ("5, 5", None),
            ("", None),
        ] {
            let headers = [(header::CONTENT_LENGTH, HeaderValue::from_static(text))];
            assert_eq!(content_length(&headers.into_iter().collect()), length, "{text:?}");
        }
        assert_eq!(content_length(&HeaderMap::new()), None);
    }
}
