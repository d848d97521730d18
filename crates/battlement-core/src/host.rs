use std::{fmt, net::Ipv6Addr, ops::Range, str};

use http::HeaderValue;

/// A host and an optional port, as a proxy wrote it in a header.
///
/// The value has the form of a host (`shop.example`, `192.0.2.1:8080`, `[2001:db8::1]:443`): no user, no path, and no
/// characters that need escaping. The application decides whether it is one of its own names. A clone shares the bytes
/// of the header.
#[derive(Clone)]
pub struct Host {
    line: HeaderValue,
    start: u16,
    end: u16,
}

/// The length of the longest DNS name, a colon and a port.
const MAX_LEN: usize = 253 + 6;

impl Host {
    /// Reads the bytes of `line` in `range` as a host.
    #[must_use]
    pub fn within(line: &HeaderValue, range: Range<usize>) -> Option<Self> {
        let bytes = line.as_bytes().get(range.clone())?;
        if bytes.len() > MAX_LEN || !is_host_and_port(bytes) {
            return None;
        }
        let (start, end) = (range.start.try_into().ok()?, range.end.try_into().ok()?);
        Some(Self { line: line.clone(), start, end })
    }

    /// Returns the text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.line.as_bytes().get(self.start.into()..self.end.into());
        bytes.and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

fn is_host_and_port(bytes: &[u8]) -> bool {
    let (is_host, rest) = if let Some(bytes) = bytes.strip_prefix(b"[") {
        let len = bytes.iter().take_while(|byte| **byte != b']').count();
        let (ip, rest) = bytes.split_at(len);
        (is_ipv6(ip), rest.strip_prefix(b"]"))
    } else {
        let len = bytes.iter().take_while(|byte| is_of_a_name(byte)).count();
        (len > 0, bytes.get(len..))
    };
    is_host && rest.is_some_and(is_port)
}

/// Returns whether a byte is an unreserved character of a URI (RFC 3986, section 2.3).
fn is_of_a_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(byte)
}

fn is_ipv6(bytes: &[u8]) -> bool {
    str::from_utf8(bytes).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn is_port(rest: &[u8]) -> bool {
    rest.is_empty()
        || rest.strip_prefix(b":").is_some_and(|port| {
            (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit)
        })
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Host {}

impl AsRef<str> for Host {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<String> {
        let line = HeaderValue::from_str(text).unwrap();
        Host::within(&line, 0..text.len()).map(|host| host.to_string())
    }

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for good in ["a", "shop.example", "192.0.2.1:8080", "[2001:db8::1]", "[::1]:443", "a_b~c"] {
            assert_eq!(host(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn text_that_could_break_a_url_is_not_a_host() {
        for bad in [
            "",
            ":80",
            "a:",
            "a:b",
            "a:123456",
            "u@a",
            "a/b",
            "a?b",
            "a#b",
            "a b",
            "a\\b",
            "a,b",
            "[::1",
            "[::1]x",
            "[]",
            "[1.2.3.4]",
            "::1",
            "<a>",
            "a%00",
            "\"a\"",
        ] {
            assert_eq!(host(bad), None, "{bad}");
        }
        assert_eq!(host(&"a".repeat(260)), None);
    }

    #[test]
    fn a_host_can_stand_within_a_line() {
        let line = HeaderValue::from_static("for=x;host=a.example");
        assert_eq!(Host::within(&line, 11..20).unwrap().as_str(), "a.example");
        assert_eq!(Host::within(&line, 11..21), None);
    }
}
