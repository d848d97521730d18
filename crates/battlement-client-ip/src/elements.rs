use std::{net::Ipv4Addr, ops::Range};

use battlement_core::Host;
use http::{HeaderMap, HeaderName, HeaderValue, header::ValueIter};

use crate::node;

/// The number of bytes of a header that are read, from its end.
pub(crate) const MAX_BYTES: usize = 4096;

/// An element of a list, or a part of one, as a range of a header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) line: &'a HeaderValue,
    pub(crate) range: Range<usize>,
}

impl<'a> Element<'a> {
    pub(crate) fn bytes(&self) -> &'a [u8] {
        &self.line.as_bytes()[self.range.clone()]
    }

    /// Returns the element without surrounding whitespace.
    pub(crate) fn trimmed(&self) -> Self {
        let bytes = self.bytes().trim_ascii_start();
        let start = self.range.end - bytes.len();
        Self { line: self.line, range: start..start + bytes.trim_ascii_end().len() }
    }

    /// Returns the element as a host, if it is one.
    pub(crate) fn host(self) -> Option<Host> {
        Host::within(self.line, self.range)
    }
}

/// The error of an element that is longer than the part of the header that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// The elements of all lines of a header, from the last to the first.
///
/// The nearest proxy wrote the end, and the beginning may be any text. So the elements of proxies are found before all
/// others, and bytes on the left never change how bytes on the right are read.
pub(crate) struct Elements<'a, F> {
    lines: ValueIter<'a, HeaderValue>,
    /// The next text to read: a line, or the rest of one.
    rest: Option<Element<'a>>,
    last_comma: F,
    /// The number of bytes that may be read of the preceding lines.
    budget: usize,
}

impl<'a, F: Fn(&[u8]) -> Option<usize>> Elements<'a, F> {
    /// Creates the elements of the header `name`, split by `last_comma`.
    pub(crate) fn new(headers: &'a HeaderMap, name: &HeaderName, last_comma: F) -> Self {
        Self::within(MAX_BYTES, headers, name, last_comma)
    }

    fn within(budget: usize, headers: &'a HeaderMap, name: &HeaderName, last_comma: F) -> Self {
        let lines = headers.get_all(name).iter();
        let mut elements = Self { lines, rest: None, last_comma, budget };
        elements.rest = elements.line();
        elements
    }

    /// Returns the next line, as far as it may be read.
    fn line(&mut self) -> Option<Element<'a>> {
        let line = self.lines.next_back()?;
        let first = line.len().saturating_sub(self.budget);
        // The end of a line counts as a byte, so that the number of empty lines is bounded, too.
        self.budget = self.budget.saturating_sub(line.len() + 1);
        Some(Element { line, range: first..line.len() })
    }

    /// Returns the next element if it is an IPv4 address, as nearly all are. The address itself shows where the element
    /// begins, so the search for a comma is saved.
    #[inline]
    pub(crate) fn next_ipv4(&mut self) -> Option<Ipv4Addr> {
        let rest = self.rest.as_mut()?;
        let (ip, before) = node::ipv4_at_end(rest.bytes())?;
        let before = before.trim_ascii_end();
        match before.last() {
            None if rest.range.start == 0 => self.rest = None,
            Some(b',') => rest.range.end = rest.range.start + before.len() - 1,
            _ => return None,
        }
        Some(ip)
    }
}

impl<'a, F: Fn(&[u8]) -> Option<usize>> Iterator for Elements<'a, F> {
    type Item = Result<Element<'a>, TooLong>;

    fn next(&mut self) -> Option<Self::Item> {
        let Element { line, range } = self.rest.take().or_else(|| self.line())?;
        let start = match (self.last_comma)(&line.as_bytes()[range.clone()]) {
            Some(comma) => {
                let comma = range.start + comma;
                self.rest = Some(Element { line, range: range.start..comma });
                comma + 1
            }
            None if range.start == 0 => 0,
            None => return Some(Err(TooLong)),
        };
        Some(Ok(Element { line, range: start..range.end }))
    }
}

/// Returns the position of the last comma. In `X-Forwarded-For` a comma cannot be quoted.
pub(crate) fn last_comma(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b',')
}

/// Returns the position of the last comma outside quoted strings (RFC 9110, section 5.6.4).
///
/// Read from the right, a quoted string ends at the first quote that is not escaped. In a well-formed element of a proxy,
/// the string begins there. A quote that the client opened to swallow the proxy's text is never reached.
pub(crate) fn last_unquoted_comma(bytes: &[u8]) -> Option<usize> {
    let mut quoted = false;
    bytes.iter().enumerate().rev().find_map(|(at, byte)| {
        match byte {
            b'"' if !(quoted && is_escaped(bytes, at)) => quoted = !quoted,
            b',' if !quoted => return Some(at),
            _ => {}
        }
        None
    })
}

fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elements(
        lines: &[&str],
        last_comma: fn(&[u8]) -> Option<usize>,
        budget: usize,
    ) -> Vec<Option<String>> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("list", line.parse().unwrap());
        }
        let name = HeaderName::from_static("list");
        let elements = Elements::within(budget, &headers, &name, last_comma);
        let text = |element: Element<'_>| element.trimmed().bytes().to_vec();
        let text = |element| String::from_utf8(text(element)).unwrap();
        elements.map(|element| element.map(text).ok()).collect()
    }

    fn read(lines: &[&str]) -> Vec<String> {
        elements(lines, last_unquoted_comma, 4096).into_iter().map(Option::unwrap).collect()
    }

    #[test]
    fn elements_come_from_the_last_of_the_last_line_to_the_first_of_the_first() {
        assert_eq!(read(&["a,b ,\tc", "", "d, e"]), ["e", "d", "", "c", "b", "a"]);
        assert!(read(&[]).is_empty());
    }

    #[test]
    fn an_element_that_is_empty_is_not_passed_over() {
        assert_eq!(read(&["a,,b,"]), ["", "b", "", "a"]);
    }

    #[test]
    fn a_comma_in_quotes_ends_nothing() {
        assert_eq!(read(&[r#"a="1,2";b, c="\",\\", d"#]), ["d", r#"c="\",\\""#, r#"a="1,2";b"#]);
    }

    #[test]
    fn a_quote_that_the_client_opened_does_not_swallow_what_follows() {
        assert_eq!(read(&[r#"a="x, b=1"#])[0], "b=1");
        assert_eq!(read(&[r#"a="x, b="1""#])[0], r#"b="1""#);
        assert_eq!(read(&[r#"a="x\, b="1", c"#])[..2], ["c", r#"b="1""#]);
        assert_eq!(elements(&[r#"a="x", b"#], last_comma, 99)[0].as_deref(), Some("b"));
    }

    #[test]
    fn no_more_is_read_than_may_be() {
        let long = "x".repeat(5000);
        let line = format!("{long}, a, b");
        let read = elements(&[&line], last_unquoted_comma, 100);
        assert_eq!(read[..2], [Some("b".to_owned()), Some("a".to_owned())]);
        assert_eq!(read[2], None);
        assert_eq!(elements(&[&",".repeat(5000)], last_comma, 100).len(), 101);
    }

    fn well_formed() -> impl Strategy<Value = String> {
        let token = "[a-z0-9.=;]{0,6}";
        let quoted = r#"[a-z]="([ -!#-\[\]-~]|\\["\\,a]){0,8}""#;
        prop::collection::vec(prop_oneof![token, quoted], 1..4).prop_map(|pairs| pairs.join(";"))
    }

    proptest! {
        #[test]
        fn a_well_formed_list_is_the_same_from_either_end(
            parts in prop::collection::vec(well_formed(), 1..6)
        ) {
            let mut found = read(&[&parts.join(",")]);
            found.reverse();
            let trimmed: Vec<_> = parts.iter().map(|part| part.trim().to_owned()).collect();
            prop_assert_eq!(found, trimmed);
        }

        #[test]
        fn text_on_the_left_does_not_change_the_elements_on_the_right(
            left in r#"[ -~]{0,40}"#, right in well_formed()
        ) {
            let found = read(&[&format!("{left},{right}")]);
            prop_assert_eq!(&found[0], right.trim());
        }
    }
}
