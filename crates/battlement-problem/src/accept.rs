//! The formats of a problem.

use battlement_core::Accept;

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

const NAMES: [&[&str]; 3] =
    [&["application/json", "application/problem+json"], &["text/plain"], &["text/html"]];

/// Returns the format that `accept` prefers; JSON if it prefers several equally, or none.
///
/// An error is never rejected for its format: a caller that accepts none of the formats gets JSON (RFC 9110, section
/// 15.5.7, permits that).
pub(crate) fn choose(accept: &Accept) -> Format {
    accept.preferred(&NAMES).map_or(Format::Json, |index| FORMATS[index])
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::*;

    #[test]
    fn json_is_chosen_unless_another_format_has_a_higher_weight() {
        for (value, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/problem+json, text/html", Format::Json),
            ("image/png", Format::Json),
            ("application/json;q=0, text/*;q=0", Format::Json),
            ("text/plain;q=0.5, application/json;q=0.4", Format::Text),
            ("text/html,application/xml;q=0.9,*/*;q=0.8", Format::Html),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
            assert_eq!(choose(&Accept::of(&headers).unwrap()), format, "{value}");
        }
    }
}
