//! Content negotiation for problems (RFC 9110, section 12.5.1).

/// The formats of a problem, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/problem+json`, sent as `application/json` to callers that accept only that.
    Json,
    /// `text/plain`.
    Text,
    /// `text/html`.
    Html,
}

const FORMATS: [Format; 3] = [Format::Json, Format::Text, Format::Html];

/// Returns the format that `accept` prefers; JSON if it prefers several equally, or none.
///
/// An error is never rejected for its format: a caller that accepts none of the formats gets JSON (RFC 9110, section
/// 15.5.7, permits that).
pub(crate) fn choose(accept: &[u8]) -> Format {
    let mut best = (Format::Json, 0);
    for (format, weight) in FORMATS.into_iter().zip(weights(accept)) {
        if weight > best.1 {
            best = (format, weight);
        }
    }
    best.0
}

/// Returns the weight of each format, in thousandths: that of the most specific range that matches it.
fn weights(accept: &[u8]) -> [u16; 3] {
    let mut closest: [Option<(u8, u16)>; 3] = [None; 3];
    for range in (Elements { rest: accept, separator: b',' }).filter_map(Range::parse) {
        for (closest, format) in closest.iter_mut().zip(FORMATS) {
            let matching = range.precision(format).map(|precision| (precision, range.weight));
            *closest = matching.max(*closest);
        }
    }
    closest.map(|closest| closest.map_or(0, |(_, weight)| weight))
}

struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    weight: u16,
}

impl<'a> Range<'a> {
    /// Parses one element. Returns `None` if it is not a media range or its weight is invalid.
    fn parse(element: &'a [u8]) -> Option<Self> {
        let mut parts = Elements { rest: element, separator: b';' };
        let mut name = parts.next()?.splitn(2, |byte| *byte == b'/');
        let (kind, subtype) = (name.next()?.trim_ascii(), name.next()?.trim_ascii());
        let mut weight = 1000;
        for parameter in parts {
            if let [b'q' | b'Q', b'=', digits @ ..] = parameter.trim_ascii() {
                weight = thousandths(digits)?;
            }
        }
        Some(Self { kind, subtype, weight })
    }

    fn precision(&self, format: Format) -> Option<u8> {
        let is = |kind: &str, subtype: &str| {
            self.kind.eq_ignore_ascii_case(kind.as_bytes())
                && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
        };
        let (kind, exact) = match format {
            Format::Json => {
                ("application", is("application", "json") || is("application", "problem+json"))
            }
            Format::Text => ("text", is("text", "plain")),
            Format::Html => ("text", is("text", "html")),
        };
        match exact {
            true => Some(2),
            false if is(kind, "*") => Some(1),
            false => is("*", "*").then_some(0),
        }
    }
}

/// Parses a weight (RFC 9110, section 12.4.2): 0 to 1, with at most three digits after the point.
fn thousandths(digits: &[u8]) -> Option<u16> {
    let (whole, fraction) = match digits {
        [whole] => (whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        _ => return None,
    };
    let mut weight = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    for (byte, unit) in fraction.iter().zip([100, 10, 1]) {
        weight += u16::from(byte.is_ascii_digit().then(|| byte - b'0')?) * unit;
    }
    (weight <= 1000).then_some(weight)
}

/// Splits at a separator, but not inside quotes.
struct Elements<'a> {
    rest: &'a [u8],
    separator: u8,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.iter().position(|byte| {
            let ends = *byte == self.separator && !quoted;
            quoted ^= *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && quoted && !escaped;
            ends
        });
        let (element, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_best_liked_form_is_chosen() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("Application/Problem+JSON", Format::Json),
            ("application/*, text/html", Format::Json),
            ("image/png", Format::Json),
            ("text/*", Format::Text),
            ("text/plain;q=0.5, application/json;q=0.4", Format::Text),
            ("text/plain; q=0.5 , text/html;level=1;q=0.51", Format::Html),
            (browser, Format::Html),
            ("text/html;q=0, */*;q=0.1", Format::Json),
            ("*/*;q=0.9, application/json;q=0, text/plain;q=0", Format::Html),
            (r#"text/html;x="a,b;q=0\"", text/plain;q=0.9"#, Format::Html),
            ("text/html;q=1.001", Format::Json),
            ("text/html;q=high", Format::Json),
            ("application/json;q=0, text/*;q=0", Format::Json),
        ] {
            assert_eq!(choose(accept.as_bytes()), format, "{accept}");
        }
    }

    #[test]
    fn a_weight_has_at_most_three_digits_and_is_at_most_one() {
        assert_eq!(thousandths(b"0"), Some(0));
        assert_eq!(thousandths(b"0.07"), Some(70));
        assert_eq!(thousandths(b"1.000"), Some(1000));
        for bad in ["", "2", "1.001", "0.1234", "0,5", ".5", "0.x", "-0"] {
            assert_eq!(thousandths(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn some_form_is_chosen_whatever_is_asked(accept in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = choose(&accept);
        }

        #[test]
        fn each_format_has_the_weight_of_the_most_specific_range_that_matches_it(
            ranges in prop::collection::vec(
                (
                    prop::sample::select(vec![
                        "*/*", "text/*", "text/html", "text/plain", "application/*", "application/json",
                        "application/problem+json", "image/png",
                    ]),
                    0_u16..=1000,
                ),
                0..6,
            ),
        ) {
            let written = ranges.iter().map(|(range, weight)| {
                format!("{range};q={}.{:03}", weight / 1000, weight % 1000)
            });
            let accept = written.collect::<Vec<_>>().join(",");
            let expected = FORMATS.map(|format| {
                let names: &[&str] = match format {
                    Format::Json => &["application/json", "application/problem+json"],
                    Format::Text => &["text/plain"],
                    Format::Html => &["text/html"],
                };
                let kind = names[0].split('/').next().unwrap();
                let any_of_kind = format!("{kind}/*");
                let highest = |matches: &dyn Fn(&str) -> bool| {
                    ranges.iter().filter(|(range, _)| matches(range)).map(|(_, weight)| *weight).max()
                };
                highest(&|range| names.contains(&range))
                    .or_else(|| highest(&|range| range == any_of_kind))
                    .or_else(|| highest(&|range| range == "*/*"))
                    .unwrap_or(0)
            });
            prop_assert_eq!(weights(accept.as_bytes()), expected);
        }

        #[test]
        fn the_one_with_the_highest_weight_wins(
            weights in prop::array::uniform3(0_u16..=1000),
            order in Just([0_usize, 1, 2]).prop_shuffle(),
        ) {
            let names = ["application/json", "text/plain", "text/html"];
            let range = |index: usize| {
                let weight = weights[index];
                format!("{};q={}.{:03}", names[index], weight / 1000, weight % 1000)
            };
            let accept = order.map(range).join(" , ");
            let most = weights.iter().max().copied().unwrap_or_default();
            let first = weights.iter().position(|weight| *weight == most).unwrap_or_default();
            prop_assert_eq!(choose(accept.as_bytes()), FORMATS[first]);
        }
    }
}
