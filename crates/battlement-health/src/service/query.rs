//! The query of a probe, read as the Kubernetes API server does.

use std::{borrow::Cow, fmt::Write as _};

/// The parameters of a probe.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query<'a> {
    /// Whether all checks are listed, although they pass: `verbose` with or without a value.
    pub(crate) is_verbose: bool,
    /// The first value of `format`.
    pub(crate) format: Option<Cow<'a, [u8]>>,
    /// The values of `exclude`, sorted and each once.
    pub(crate) excluded: Vec<Cow<'a, [u8]>>,
}

impl<'a> Query<'a> {
    /// Parses a query. Like Go's `url.ParseQuery` it skips what is invalid: a pair that contains a semicolon, and one
    /// with an invalid escape sequence.
    pub(crate) fn parse(query: &'a str) -> Self {
        let mut parsed = Self::default();
        for pair in query.split('&').filter(|pair| !pair.contains(';')) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some((key, value)) = unescape(key).zip(unescape(value)) else { continue };
            match &*key {
                b"verbose" => parsed.is_verbose = true,
                b"format" if parsed.format.is_none() => parsed.format = Some(value),
                b"exclude" => parsed.excluded.push(value),
                _ => {}
            }
        }
        parsed.excluded.sort_unstable();
        parsed.excluded.dedup();
        parsed
    }

    /// Returns whether the check `name` is left out.
    pub(crate) fn excludes(&self, name: &str) -> bool {
        self.excluded.binary_search_by(|excluded| (**excluded).cmp(name.as_bytes())).is_ok()
    }
}

/// Decodes escape sequences and plus signs, or returns `None` if an escape sequence is invalid.
fn unescape(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            b'+' => b' ',
            _ => byte,
        });
    }
    Some(Cow::Owned(decoded))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Returns `text` in quotes, as Go's `strconv.QuoteToASCII` does: every byte that is not printable ASCII is escaped.
pub(crate) fn quoted(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|char| push_escaped(&mut out, char));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, char: char) {
    let code = u32::from(char);
    let _ = match char {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        ' '..='~' => out.write_char(char),
        '\x07' => out.write_str("\\a"),
        '\x08' => out.write_str("\\b"),
        '\x0c' => out.write_str("\\f"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\x0b' => out.write_str("\\v"),
        '\0'..='\x7f' => write!(out, "\\x{code:02x}"),
        '\u{80}'..='\u{ffff}' => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excluded(query: &str) -> Vec<String> {
        let excluded = Query::parse(query).excluded;
        excluded.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    #[test]
    fn every_exclude_counts_once_in_the_order_of_names() {
        assert_eq!(excluded("exclude=redis&exclude=db&exclude=redis"), ["db", "redis"]);
        assert_eq!(excluded("exclude"), [""]);
        assert_eq!(excluded("excluded=a&EXCLUDE=b&&=c&exclude=d=e"), ["d=e"]);
        assert_eq!(excluded(""), [""; 0]);
        let query = Query::parse("exclude=b&exclude=d");
        for (name, is_excluded) in [("a", false), ("b", true), ("c", false), ("d", true)] {
            assert_eq!(query.excludes(name), is_excluded, "{name}");
        }
    }

    #[test]
    fn verbose_counts_whatever_its_value() {
        for query in ["verbose", "verbose=", "verbose=false", "a=b&verbose=1", "%76erbose"] {
            assert!(Query::parse(query).is_verbose, "{query}");
        }
        for query in ["", "Verbose", "verbose;a=1", "verbose=%zz", "verbosely", "x=verbose"] {
            assert!(!Query::parse(query).is_verbose, "{query}");
        }
    }

    #[test]
    fn the_first_format_counts() {
        assert_eq!(Query::parse("format=a&format=b").format.as_deref(), Some(&b"a"[..]));
        assert_eq!(Query::parse("formats=a").format, None);
    }

    #[test]
    fn escapes_are_decoded_and_a_pair_with_an_invalid_one_is_skipped() {
        assert_eq!(
            excluded("exclude=%72edis%2D1&exclude=a+b&exclude=%2b"),
            ["+", "a b", "redis-1"]
        );
        for query in
            ["exclude=%", "exclude=%4", "exclude=%+1", "exclude=%g0", "exclude=%0g", "exclude=a;b"]
        {
            assert_eq!(excluded(query), [""; 0], "{query}");
        }
    }

    #[test]
    fn names_are_quoted_as_go_does() {
        for (text, expected) in [
            (&b"redis"[..], r#""redis""#),
            (b"a \"b\\", r#""a \"b\\""#),
            (b"\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#),
            (b"\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            ("é\u{202e}😀".as_bytes(), r#""\u00e9\u202e\U0001f600""#),
            (b"a\xff\xc3b", r#""a\xff\xc3b""#),
            (b" ~", r#"" ~""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    proptest! {
        #[test]
        fn a_quoted_name_is_one_line_of_printable_ascii(text in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(quoted(&text).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }

        #[test]
        fn a_name_of_a_check_reads_back_from_its_escape_sequences(name in "[a-zA-Z0-9_.-]{1,64}") {
            let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(excluded(&format!("exclude={escaped}")), [name.clone()]);
            prop_assert_eq!(quoted(name.as_bytes()), format!("\"{name}\""));
        }

        #[test]
        fn any_query_can_be_parsed(query in any::<String>(), names in prop::collection::vec("[a-c]{1,2}", 0..6)) {
            let _ = Query::parse(&query);
            let pairs: Vec<_> = names.iter().map(|name| format!("exclude={name}")).collect();
            let mut sorted = names;
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(excluded(&pairs.join("&")), sorted);
        }
    }
}
