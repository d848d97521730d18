//! Sends arbitrary `Accept` headers, in any number of lines, to listeners of every default: each gets a format and a
//! content type that belongs to it, and `*/*` always gets the default.
#![no_main]

use battlement_health::{Format, fuzz::choose_format};
use http::{HeaderMap, HeaderValue, header::ACCEPT};
use libfuzzer_sys::fuzz_target;

const TEXT: &str = "text/plain; charset=utf-8";
const HEALTH: &str = "application/health+json";
const JSON: &str = "application/json";
const SPRING: &str = "application/vnd.spring-boot.actuator.v3+json";

const DEFAULTS: [(Format, &str); 4] = [
    (Format::Text, TEXT),
    (Format::Health, HEALTH),
    (Format::Spring, SPRING),
    (Format::MicroProfile, JSON),
];

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.append(ACCEPT, value);
    }
    let any = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
    for (default, content_type) in DEFAULTS {
        let (format, chosen) = choose_format(default, "", &headers);
        let belongs = match &*chosen {
            TEXT => format == Format::Text,
            HEALTH => format == Format::Health,
            SPRING => format == Format::Spring,
            JSON => format != Format::Text,
            _ => false,
        };
        assert!(belongs, "{format:?} as {chosen}");
        // A type that the header does not name can only come from a wildcard or be the default.
        let names = |name: &str| {
            let lower = input.to_ascii_lowercase();
            lower.windows(name.len()).any(|window| window == name.as_bytes())
        };
        let is_open = input.contains(&b'*') || (format, &*chosen) == (default, content_type);
        let name = chosen.split(';').next().unwrap_or_default();
        let subtype = name.rsplit('/').next().unwrap_or_default();
        assert!(is_open || names(subtype), "{chosen}");
        assert_eq!(choose_format(default, "", &any), (default, content_type.to_owned()));
        assert_eq!(choose_format(default, "format=text", &headers).0, Format::Text);
    }
});
