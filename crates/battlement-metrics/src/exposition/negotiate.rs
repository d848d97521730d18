use http::{HeaderMap, HeaderValue, header};

use super::Format;

/// Returns the format that a scraper prefers: the one of the highest quality, the first of equals, or the text format
/// if the header names neither, since every scraper reads that.
pub(crate) fn format(headers: &HeaderMap) -> Format {
    let mut best = (Format::Text, 0);
    for part in list(headers, &header::ACCEPT) {
        let (name, parameters) = split(part);
        let version = parameter(parameters, "version");
        let format = match &*name.to_ascii_lowercase() {
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => {
                Format::OpenMetrics
            }
            "text/plain" if matches!(version, None | Some("0.0.4")) => Format::Text,
            "text/*" | "*/*" => Format::Text,
            _ => continue,
        };
        if quality(parameters) > best.1 {
            best = (format, quality(parameters));
        }
    }
    best.0
}

/// Returns whether the scraper accepts gzip.
pub(crate) fn gzip(headers: &HeaderMap) -> bool {
    let mut any = 0;
    for part in list(headers, &header::ACCEPT_ENCODING) {
        match split(part) {
            (name, parameters) if is_gzip(name) => return quality(parameters) > 0,
            ("*", parameters) => any = quality(parameters),
            _ => {}
        }
    }
    any > 0
}

fn is_gzip(name: &str) -> bool {
    ["gzip", "x-gzip"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn list<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter().filter_map(|value| HeaderValue::to_str(value).ok());
    lines.flat_map(|line| line.split(','))
}

fn split(part: &str) -> (&str, &str) {
    let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
    (name.trim(), parameters)
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Returns the quality in thousandths (RFC 9110, section 12.4.2); 0 if it is not a number.
fn quality(parameters: &str) -> u16 {
    let Some(text) = parameter(parameters, "q") else {
        return 1000;
    };
    let quality: f32 = text.parse().unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
    thousandths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{format as format_of, *};

    fn of(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_format_of_the_highest_quality_is_served() {
        for (accept, format) in [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("text/html", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0", Format::OpenMetrics),
            ("application/openmetrics-text; version=0.0.1", Format::Text),
            ("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;q=0.5", Format::Text),
            (
                "text/plain;version=0.0.4;q=0.5, application/openmetrics-text;q=0.6",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-text;q=0,*/*;q=0.1", Format::Text),
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
                 version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
        ] {
            assert_eq!(format_of(&of(header::ACCEPT, accept)), format, "{accept}");
        }
    }

    #[test]
    fn gzip_is_sent_only_where_it_is_welcome() {
        for (accept, welcome) in [
            ("gzip", true),
            ("GZIP", true),
            ("br, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("*", true),
            ("*, gzip;q=0", false),
            ("identity", false),
        ] {
            assert_eq!(gzip(&of(header::ACCEPT_ENCODING, accept)), welcome, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn any_accept_is_answered(accept in "[ -~]{0,60}") {
            let _ = format_of(&of(header::ACCEPT, &accept));
            let _ = gzip(&of(header::ACCEPT_ENCODING, &accept));
        }
    }
}
