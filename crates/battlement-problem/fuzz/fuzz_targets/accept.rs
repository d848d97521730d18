//! Sends arbitrary `Accept` headers, in any number of lines: the answer has one of the layer's formats, and it is the
//! one that a simple reference implementation prefers.
#![no_main]

mod answering;

use battlement_problem::Problem;
use http::{HeaderValue, Request, StatusCode, header::ACCEPT};
use libfuzzer_sys::fuzz_target;

const FORMATS: [(&str, &[&str]); 3] = [
    (
        "application/problem+json",
        &["application/json", "application/problem+json", "application/*", "*/*"],
    ),
    ("text/plain; charset=utf-8", &["text/plain", "text/*", "*/*"]),
    ("text/html; charset=utf-8", &["text/html", "text/*", "*/*"]),
];

/// Returns the format that a header without quoted strings prefers.
fn liked(accept: &str) -> &'static str {
    let mut best = (FORMATS[0].0, 0.0);
    for (content_type, names) in FORMATS {
        let weight = weight(accept, names);
        if weight > best.1 {
            best = (content_type, weight);
        }
    }
    best.0
}

/// Returns the weight of the most specific range among `names`; the two for JSON are equally specific.
fn weight(accept: &str, names: &[&str]) -> f64 {
    let ranges: Vec<_> = accept.split(',').filter_map(range).collect();
    let exact = names.len() - 2;
    let tiers = [&names[..exact], &names[exact..=exact], &names[exact + 1..]];
    let best = tiers.iter().find_map(|tier| {
        let matching = ranges.iter().filter(|range| tier.contains(&range.0.as_str()));
        matching.map(|range| range.1).reduce(f64::max)
    });
    best.unwrap_or(0.0)
}

fn range(element: &str) -> Option<(String, f64)> {
    let mut parts = element.split(';').map(str::trim_ascii);
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let name = format!("{}/{}", kind.trim_ascii(), subtype.trim_ascii()).to_ascii_lowercase();
    let mut weight = 1.0;
    for part in parts {
        if let Some(digits) = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")) {
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            let is_number =
                fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
            weight = digits.parse().ok().filter(|_| is_number && ["0", "1"].contains(&whole))?;
        }
    }
    (weight <= 1.0).then_some((name, weight))
}

fuzz_target!(|input: &[u8]| {
    let mut request = Request::new(());
    for line in input.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        request.headers_mut().append(ACCEPT, value);
    }
    let problem = Problem::new(StatusCode::CONFLICT, "taken").detail("choose another");
    let answer = answering::answer(request, problem.response());
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let (content_type, _) = answering::told(&answer);
    let joined = input.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b',');
    match str::from_utf8(&joined) {
        Ok(joined) if !joined.contains('"') => assert_eq!(content_type, liked(joined), "{joined}"),
        _ => assert!(FORMATS.iter().any(|format| format.0 == content_type)),
    }
});
