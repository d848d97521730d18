use std::{fmt, sync::Arc};

use battlement::problem::Problem;
use http::{HeaderMap, HeaderName, StatusCode};

/// The header of a request that is sent again with the same value.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_BYTES: usize = 255;

/// The value of `Idempotency-Key`, without its quotes: 1 to 255 printable ASCII characters.
///
/// The draft says that the value is a string of RFC 9651, which is quoted. This reader is strict: it accepts neither an
/// unquoted value nor parameters after the string, of which the draft defines none. A reader that guessed could take two
/// keys for one, and a client that sends such a value finds out at its first request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

/// The error of a value that is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidKey {
    Empty,
    Malformed,
    TooLong,
    /// The request has more than one such header.
    Duplicate,
}

impl IdempotencyKey {
    /// Reads the key of a request, if it has one.
    ///
    /// # Errors
    ///
    /// If the value is invalid, or there are several.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, InvalidKey> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(InvalidKey::Duplicate);
        }
        Self::parse(value.as_bytes()).map(Some)
    }

    /// Returns the text between the quotes, without the backslashes of escaped characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(value: &[u8]) -> Result<Self, InvalidKey> {
        let text = str::from_utf8(value).map_err(|_| InvalidKey::Malformed)?.trim_matches(' ');
        if text.is_empty() {
            return Err(InvalidKey::Empty);
        }
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let key = unescape(quoted.ok_or(InvalidKey::Malformed)?)?;
        match key.len() {
            0 => Err(InvalidKey::Empty),
            1..=MAX_BYTES => Ok(Self(key.into())),
            _ => Err(InvalidKey::TooLong),
        }
    }
}

/// Returns the characters of a string of RFC 9651, section 4.2.5: a quote and a backslash are escaped by a backslash.
fn unescape(quoted: &str) -> Result<String, InvalidKey> {
    let mut key = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        key.push(
            match character {
                '\\' => characters.next().filter(|c| matches!(c, '"' | '\\')),
                '"' => None,
                ' '..='~' => Some(character),
                _ => None,
            }
            .ok_or(InvalidKey::Malformed)?,
        );
    }
    Ok(key)
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "`Idempotency-Key` is empty",
            Self::Malformed => {
                "`Idempotency-Key` must be a quoted string, such as \"order-1\" with its quotes"
            }
            Self::TooLong => "`Idempotency-Key` must have at most 255 bytes",
            Self::Duplicate => "`Idempotency-Key` occurs more than once",
        })
    }
}

impl From<InvalidKey> for Problem {
    fn from(error: InvalidKey) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key").detail(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, InvalidKey> {
        let values = values.iter().map(|value| (HEADER, HeaderValue::from_bytes(value).unwrap()));
        let key = IdempotencyKey::read(&values.collect())?;
        Ok(key.map(|key| key.as_str().to_owned()))
    }

    #[test]
    fn a_key_is_the_text_between_the_quotes() {
        assert_eq!(read(&[]), Ok(None));
        for (value, key) in [
            (r#""order-1""#, "order-1"),
            (r#"  "a b~!"  "#, "a b~!"),
            (r#""say \"hi\" \\ bye""#, r#"say "hi" \ bye"#),
            (r#""\\""#, "\\"),
            (r#"" ""#, " "),
        ] {
            assert_eq!(read(&[value.as_bytes()]), Ok(Some(key.into())), "{value}");
        }
    }

    #[test]
    fn an_empty_value_is_refused() {
        for value in ["", "   ", r#""""#] {
            assert_eq!(read(&[value.as_bytes()]), Err(InvalidKey::Empty), "{value}");
        }
    }

    #[test]
    fn a_value_that_is_not_one_quoted_string_is_refused() {
        for value in [
            "order-1",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
            "\"",
            r#""a"#,
            r#"a""#,
            r#""a"b""#,
            r#""a\b""#,
            r#""a\""#,
            r#""a\\\""#,
            r#""a", "b""#,
            r#""a";v=1"#,
            ":b3JkZXI=:",
            "\"a\tb\"",
            "\t\"a\"",
            "\"é\"",
        ] {
            assert_eq!(read(&[value.as_bytes()]), Err(InvalidKey::Malformed), "{value}");
        }
        assert_eq!(read(&[b"\"\xff\""]), Err(InvalidKey::Malformed));
    }

    #[test]
    fn a_key_has_at_most_255_bytes_without_its_quotes_and_backslashes() {
        let quoted = |key: &str| format!("\"{key}\"");
        assert_eq!(read(&[quoted(&"a".repeat(255)).as_bytes()]), Ok(Some("a".repeat(255))));
        assert_eq!(read(&[quoted(&"a".repeat(256)).as_bytes()]), Err(InvalidKey::TooLong));
        let escaped = quoted(&r"\\".repeat(255));
        assert_eq!(read(&[escaped.as_bytes()]), Ok(Some("\\".repeat(255))));
    }

    #[test]
    fn two_headers_are_refused_even_if_they_are_equal() {
        assert_eq!(read(&[b"\"a\"", b"\"a\""]), Err(InvalidKey::Duplicate));
        assert_eq!(read(&[b"\"a\"", b""]), Err(InvalidKey::Duplicate));
    }

    #[test]
    fn each_error_is_a_problem_that_names_the_header_and_the_reason() {
        for (error, reason) in [
            (InvalidKey::Empty, "empty"),
            (InvalidKey::Malformed, "quoted"),
            (InvalidKey::TooLong, "255"),
            (InvalidKey::Duplicate, "more than once"),
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
            let text = problem.text().unwrap();
            assert!(text.contains("`Idempotency-Key`") && text.contains(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn each_printable_key_is_read_as_it_was_written(key in "[ -~]{1,255}") {
            let value = format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""));
            prop_assert_eq!(read(&[value.as_bytes()]), Ok(Some(key)));
        }

        #[test]
        fn any_value_is_read_or_refused(value in prop::collection::vec(0x20_u8..=0x7e, 0..300)) {
            if let Ok(Some(key)) = read(&[&value]) {
                prop_assert!((1..=MAX_BYTES).contains(&key.len()));
                let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""));
                prop_assert_eq!(str::from_utf8(&value).unwrap().trim_matches(' '), quoted);
            }
        }
    }
}
