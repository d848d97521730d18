use std::ops::Range;

use battlement_core::Scheme;

use crate::{
    elements::Element,
    ip::Ip,
    node::{self, Unusable},
};

/// A hop as a proxy wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop<'a> {
    pub(crate) node: Result<Ip, Unusable>,
    pub(crate) scheme: Option<Scheme>,
    /// The text of the host.
    pub(crate) host: Option<Element<'a>>,
}

impl<'a> Hop<'a> {
    /// Creates a hop with an address alone.
    pub(crate) const fn at(node: Result<Ip, Unusable>) -> Self {
        Self { node, scheme: None, host: None }
    }

    /// Parses an element of `Forwarded` (RFC 7239, section 4). An element that breaks the grammar or repeats a parameter is
    /// malformed as a whole.
    pub(crate) fn of_forwarded(element: &Element<'a>) -> Self {
        pairs(element).unwrap_or_else(|| Self::at(Err(Unusable::Malformed)))
    }
}

fn pairs<'a>(element: &Element<'a>) -> Option<Hop<'a>> {
    let mut cursor = Cursor::over(element);
    let [mut node, mut scheme, mut host] = [const { None }; 3];
    while cursor.finds_pair() {
        let (name, value) = cursor.pair()?;
        let slot = match name {
            name if name.eq_ignore_ascii_case(b"for") => &mut node,
            name if name.eq_ignore_ascii_case(b"proto") => &mut scheme,
            name if name.eq_ignore_ascii_case(b"host") => &mut host,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let bytes = element.line.as_bytes();
    Some(Hop {
        node: node.map_or(Err(Unusable::Hidden), |range| node::parse(&bytes[range])),
        scheme: scheme.and_then(|range| Scheme::parse(&bytes[range])),
        host: host.map(|range| Element { line: element.line, range }),
    })
}

/// A reader of one element, from its beginning. An element has one writer, so its quotes are that writer's.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn over(element: &Element<'a>) -> Self {
        Self { bytes: &element.line.as_bytes()[..element.range.end], at: element.range.start }
    }

    /// Skips to the next pair and returns whether there is one; the grammar allows empty pairs.
    fn finds_pair(&mut self) -> bool {
        self.skip(b" \t;");
        self.at < self.bytes.len()
    }

    /// Reads a name, and the range of its value without the quotes.
    fn pair(&mut self) -> Option<(&'a [u8], Range<usize>)> {
        let name = self.some(is_of_a_token)?;
        self.eat(b'=')?;
        let value =
            if self.eat(b'"').is_some() { self.quoted()? } else { self.some(is_of_a_value)? };
        self.skip(b" \t");
        let is_whole = matches!(self.bytes.get(self.at), None | Some(b';'));
        is_whole.then(|| (&self.bytes[name], value))
    }

    fn quoted(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Some(start..self.at - 1);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        None
    }

    /// Reads the bytes for which `are` holds, at least one.
    fn some(&mut self, are: fn(u8) -> bool) -> Option<Range<usize>> {
        let start = self.at;
        self.at += self.bytes[start..].iter().take_while(|byte| are(**byte)).count();
        (self.at > start).then_some(start..self.at)
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn skip(&mut self, any_of: &[u8]) {
        self.at += self.bytes[self.at..].iter().take_while(|byte| any_of.contains(byte)).count();
    }
}

/// Returns whether a byte may occur in a token (RFC 9110, section 5.6.2).
fn is_of_a_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Returns whether a byte may occur in an unquoted value. Brackets and colons of an address should be quoted, and often
/// are not.
fn is_of_a_value(byte: u8) -> bool {
    is_of_a_token(byte) || b":[]/=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn hop(line: &HeaderValue) -> Hop<'_> {
        Hop::of_forwarded(&Element { line, range: 0..line.len() })
    }

    fn parsed(text: &str) -> (String, Option<Scheme>, Option<String>) {
        let line = HeaderValue::from_str(text).unwrap();
        let hop = hop(&line);
        let node = hop.node.map_or_else(|why| format!("{why:?}"), |ip| ip.addr().to_string());
        (node, hop.scheme, hop.host.and_then(Element::host).map(|host| host.to_string()))
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (text, node) in [
            ("for=\"_gazonk\"", "Hidden"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("for=192.0.2.43", "192.0.2.43"),
            ("for=_hidden", "Hidden"),
            ("for=unknown", "Hidden"),
            ("for=_SEVKISEK;by=_mine", "Hidden"),
            ("for=\"192.0.2.43:47011\"", "192.0.2.43"),
        ] {
            assert_eq!(parsed(text).0, node, "{text}");
        }
    }

    #[test]
    fn scheme_and_host_are_read_in_any_order_and_spelling() {
        let expected =
            ("192.0.2.1".to_owned(), Some(Scheme::Https), Some("a.example:8".to_owned()));
        for text in [
            "for=192.0.2.1;proto=https;host=\"a.example:8\"",
            "HOST=a.example:8;Proto=HTTPS;FOR=192.0.2.1",
            ";for=192.0.2.1;;proto=https; ;host=a.example:8;",
            " for=\"192.0.2.1:_p\" ; proto=\"wss\" ;\thost=a.example:8\t",
            "by=_x;secret=\"a;b,c\\\"d\";for=192.0.2.1;proto=https;host=a.example:8",
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn an_invalid_host_or_scheme_is_omitted() {
        let expected = ("192.0.2.1".to_owned(), None, None);
        for text in [
            "for=192.0.2.1;proto=gopher;host=\"a/b\"",
            "for=192.0.2.1;host=\"\";proto=\"\"",
            "for=192.0.2.1;host=\"a\\.example\"",
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn an_element_without_for_is_hidden() {
        assert_eq!(parsed("proto=https"), ("Hidden".to_owned(), Some(Scheme::Https), None));
        for text in ["", " ", ";", "by=_mine"] {
            assert_eq!(parsed(text), ("Hidden".to_owned(), None, None), "{text}");
        }
    }

    #[test]
    fn an_element_that_breaks_the_grammar_is_malformed() {
        for text in [
            "for",
            "for=",
            "=1",
            "for =1.2.3.4",
            "for= 1.2.3.4",
            "for=1.2.3.4 x",
            "for=\"1.2.3.4",
            "for=1.2.3.4\"",
            "for=\"1.2.3.4\"x",
            "for=1.2.3.4,x",
            "for=\"a\\",
            "host=\"",
            "for=1.2.3.4;host=\"",
            "for=1.2.3.4;for=5.6.7.8",
            "for=1.2.3.4;proto=http;proto=https",
            "1.2.3.4",
        ] {
            let line = HeaderValue::from_str(text).unwrap();
            assert_eq!(hop(&line), Hop::at(Err(Unusable::Malformed)), "{text}");
        }
    }
}
