use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str,
};

use crate::ip::Ip;

/// The reason why the text of a hop does not contain an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// The proxy does not disclose or does not know the address: `unknown`, an obfuscated name, a Unix socket.
    Hidden,
    /// The text is not an address in any form.
    Malformed,
}

/// Parses a node (RFC 7239, section 6), also as `X-Forwarded-For` writes it: `192.0.2.1`, `192.0.2.1:80`,
/// `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`, optionally in quotes, an IPv6 address optionally with a zone, a
/// port possibly obfuscated.
// Not inlined into the loop over hops, which has parsed most hops before it gets here.
#[inline(never)]
pub(crate) fn parse(text: &[u8]) -> Result<Ip, Unusable> {
    // Nearly all addresses are IPv4.
    if let Some(ip) = ipv4(text) {
        return Ok(Ip::v4(ip));
    }
    let text = unquoted(text);
    if let Some(rest) = text.strip_prefix(b"[") {
        return bracketed(rest).ok_or(Unusable::Malformed);
    }
    let colon = text.iter().position(|byte| *byte == b':');
    let (name, port) = text.split_at(colon.unwrap_or(text.len()));
    if port.iter().skip(1).any(|byte| *byte == b':') {
        return ipv6(text).ok_or(Unusable::Malformed);
    }
    if is_hidden(name) {
        return Err(Unusable::Hidden);
    }
    let ip = ipv4(name).filter(|_| is_port(port));
    ip.map(Ip::v4).ok_or(Unusable::Malformed)
}

/// Parses four numbers of up to 255, as std does.
fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    ipv4_at_end(text).filter(|(_, before)| before.is_empty()).map(|(ip, _)| ip)
}

/// Parses four numbers at the end of `text`, and returns the text before them as well.
#[inline(always)]
pub(crate) fn ipv4_at_end(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (d, text) = octet_at_end(text)?;
    let (c, text) = octet_at_end(text.strip_suffix(b".")?)?;
    let (b, text) = octet_at_end(text.strip_suffix(b".")?)?;
    let (a, text) = octet_at_end(text.strip_suffix(b".")?)?;
    Some((Ipv4Addr::from_bits(a << 24 | b << 16 | c << 8 | d), text))
}

/// Parses a number that fits, without leading zeros, which some parsers read as octal.
#[inline(always)]
fn octet_at_end(text: &[u8]) -> Option<(u32, &[u8])> {
    let (ones, text) = digit_at_end(text)?;
    let Some((tens, text)) = digit_at_end(text) else {
        return Some((ones, text));
    };
    let number = 10 * tens + ones;
    let Some((hundreds, text)) = digit_at_end(text) else {
        return (number >= 10).then_some((number, text));
    };
    let number = 100 * hundreds + number;
    (100..=255).contains(&number).then_some((number, text))
}

fn digit_at_end(text: &[u8]) -> Option<(u32, &[u8])> {
    let (last, before) = text.split_last()?;
    let digit = u32::from(*last).wrapping_sub(u32::from(b'0'));
    (digit <= 9).then_some((digit, before))
}

fn unquoted(text: &[u8]) -> &[u8] {
    let inside = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    inside.unwrap_or(text)
}

fn bracketed(rest: &[u8]) -> Option<Ip> {
    let close = rest.iter().position(|byte| *byte == b']')?;
    let (ip, port) = (&rest[..close], &rest[close + 1..]);
    ipv6(ip).filter(|_| is_port(port))
}

/// Parses an address and ignores its zone, which names an interface of the proxy.
fn ipv6(text: &[u8]) -> Option<Ip> {
    let percent = text.iter().position(|byte| *byte == b'%');
    let (ip, zone) = text.split_at(percent.unwrap_or(text.len()));
    let ip: Ipv6Addr = str::from_utf8(ip).ok()?.parse().ok()?;
    is_zone(zone).then(|| IpAddr::V6(ip).into())
}

/// Returns whether a zone is empty, or `%` and a name (RFC 6874, section 2).
fn is_zone(zone: &[u8]) -> bool {
    zone.is_empty() || (zone.len() > 1 && zone[1..].iter().all(is_of_a_name))
}

/// Returns whether a port is empty, or `:` and up to five digits or an obfuscated port (RFC 7239, section 6).
fn is_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', b'_', name @ ..] => !name.is_empty() && name.iter().all(is_obfuscated),
        [b':', digits @ ..] => {
            (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// Returns whether a name hides the address; nginx writes `unix` for a client on a Unix socket.
fn is_hidden(name: &[u8]) -> bool {
    match name {
        [b'_', name @ ..] => !name.is_empty() && name.iter().all(is_obfuscated),
        _ => name.eq_ignore_ascii_case(b"unknown") || name == b"unix",
    }
}

/// Returns whether a byte may occur in an obfuscated name (RFC 7239, section 6.3).
fn is_obfuscated(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(byte)
}

fn is_of_a_name(byte: &u8) -> bool {
    is_obfuscated(byte) || b"~%".contains(byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> Result<IpAddr, Unusable> {
        parse(text.as_bytes()).map(Ip::addr)
    }

    #[test]
    fn an_address_is_parsed_in_every_form_that_proxies_write() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("192.0.2.1:_p", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]:_obf", "2001:db8::1"),
            ("\"[2001:db8::1]:443\"", "2001:db8::1"),
            ("\"192.0.2.1\"", "192.0.2.1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:80", "fe80::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:c000:201]:80", "192.0.2.1"),
        ] {
            assert_eq!(ip(text).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_hidden_node_is_recognized_in_any_case() {
        for text in
            ["unknown", "Unknown", "UNKNOWN:80", "_hidden", "_SEVKISEK", "_a.b-c:_d", "unix:"]
        {
            assert_eq!(ip(text), Err(Unusable::Hidden), "{text}");
        }
    }

    #[test]
    fn text_that_is_not_an_address_is_malformed() {
        for text in [
            "",
            "\"",
            "\"\"",
            " ",
            "[",
            "]",
            "[]",
            "[]:80",
            "[::1",
            "::1]",
            "[::1]80",
            "[::1]:",
            "[::1]:123456",
            "[192.0.2.1]",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:_",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.01",
            "0300.0.2.1",
            "0x7f.1",
            "192.0.2.1%eth0",
            "fe80::1%",
            "[fe80::1%]",
            "fe80::1%a b",
            "_",
            "_a b",
            "unknowable",
            "example.org",
            "\"192.0.2.1",
            "192.0.2.1\"",
            "1.2.3.4, 5.6.7.8",
            "<script>",
            "\u{ff11}.2.3.4",
            "\\",
        ] {
            assert_eq!(ip(text), Err(Unusable::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_written_address_is_parsed_back(bits: u128, v4: bool, port: Option<u16>) {
            let addr = if v4 {
                IpAddr::V4(Ipv4Addr::from_bits((bits >> 96) as u32))
            } else {
                IpAddr::V6(Ipv6Addr::from_bits(bits))
            };
            let text = match (addr, port) {
                (addr, None) => addr.to_string(),
                (IpAddr::V4(addr), Some(port)) => format!("{addr}:{port}"),
                (IpAddr::V6(addr), Some(port)) => format!("[{addr}]:{port}"),
            };
            prop_assert_eq!(ip(&text), Ok(addr.to_canonical()));
        }

        #[test]
        fn ipv4_addresses_are_parsed_as_by_std(text in "[0-9]{0,4}(\\.[0-9]{0,4}){2,4}|[0-9.]{7,15}") {
            prop_assert_eq!(ipv4(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>) {
            if let Ok(ip) = parse(&bytes).map(Ip::addr) {
                prop_assert_eq!(ip.to_canonical(), ip);
            }
        }
    }
}
