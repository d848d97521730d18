//! Any value of a label stays within its quotes, on its line, and is the same when it is read.
#![no_main]

use battlement_metrics::{Exposition, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    let page = Exposition::new().gauge("odd", "Odd.", [("value", value)], || 1.0);
    for format in [Format::Text, Format::OpenMetrics] {
        let page = page.render(format);
        let samples: Vec<&str> = page.split('\n').filter(|line| line.starts_with("odd")).collect();
        let [sample] = samples[..] else {
            panic!("{page}");
        };
        let quoted =
            sample.strip_prefix("odd{value=\"").and_then(|rest| rest.strip_suffix("\"} 1"));
        assert_eq!(read(quoted.expect("the page has the label once")), value);
    }
});

/// Returns the unescaped text between quotes.
fn read(quoted: &str) -> String {
    let (mut text, mut escaped) = (String::new(), false);
    for character in quoted.chars() {
        match (escaped, character) {
            (false, '\\') => escaped = true,
            (false, '"') => panic!("a quote ends the value"),
            (false, other) => text.push(other),
            (true, other) => {
                text.push(if other == 'n' { '\n' } else { other });
                escaped = false;
            }
        }
    }
    text
}
