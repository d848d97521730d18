//! Writes the line of an arbitrary target and header in every format: it is one line without a character that could
//! change its display, and JSON reads back as it was sent. The input is the target, a line feed, and the header.
#![no_main]

use battlement_access_log::{Format, Names, fuzz::line};
use http::{HeaderValue, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const NAMES: [Names; 4] = [Names::OpenTelemetry, Names::Ecs, Names::GoogleCloud, Names::PinoHttp];

/// The longest value that is not cut.
const LONGEST: usize = 2048;

fn is_harmful(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fuzz_target!(|data: &[u8]| {
    let (target, agent) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let agent = agent.strip_prefix(b"\n").unwrap_or(agent);
    let (Ok(target), Ok(agent)) = (Uri::try_from(target), HeaderValue::from_bytes(agent)) else {
        return;
    };
    for format in NAMES.map(Format::Json).into_iter().chain([Format::Combined]) {
        let line = String::from_utf8(line(format, &target, &agent)).expect("a line is text");
        let text = line.strip_suffix('\n').expect("a line ends");
        assert!(!text.contains(is_harmful), "{text:?}");
        if format == Format::Combined {
            assert_eq!(text.matches('"').count(), 6, "{text:?}");
            continue;
        }
        let record: Value = serde_json::from_str(text).expect("a line is JSON");
        if format == Format::Json(Names::OpenTelemetry) {
            let value = &record["http.request.header.user-agent"][0];
            if let Ok(agent) = str::from_utf8(agent.as_bytes())
                && agent.len() <= LONGEST
            {
                assert_eq!(value, agent);
            }
            if target.path().len() <= LONGEST {
                assert_eq!(record["url.path"], target.path());
            }
        }
    }
});
