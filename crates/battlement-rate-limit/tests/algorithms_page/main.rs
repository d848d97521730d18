//! `docs/rate-limit-algorithms.md`: the examples and the claims compute every number of the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod claims;
mod client;
mod examples;

use std::fs;

/// Numbers of the text that describe an example or name a standard.
const GIVEN: [&str; 6] = ["1", "10", "59", "60", "100", "371"];

fn page() -> String {
    let path = "/../../docs/rate-limit-algorithms.md";
    fs::read_to_string(env!("CARGO_MANIFEST_DIR").to_owned() + path).unwrap()
}

#[test]
fn the_tables_are_computed_by_the_examples() {
    let page = page();
    for (name, table) in [
        ("burst_then_steady", examples::burst_then_steady()),
        ("recovery", examples::recovery()),
        ("boundary", examples::boundary()),
        ("constant_rates", examples::constant_rates()),
        ("bursts", examples::bursts()),
        ("changes", examples::changes()),
    ] {
        let expected = format!("<!-- {name} -->\n{table}\n");
        assert!(page.contains(&expected), "the page must contain:\n{expected}");
    }
}

#[test]
fn the_text_contains_no_number_that_is_neither_given_nor_computed() {
    let page = page();
    let (page, _) = page.split_once("## Sources").unwrap();
    let text = page.lines().filter(|line| !line.starts_with('|')).collect::<Vec<_>>().join(" ");
    let text = claims::all().iter().fold(text, |text, claim| {
        assert!(text.contains(claim), "the page must contain {claim:?}");
        text.replace(claim, "")
    });
    for number in text.split(|char: char| !char.is_ascii_digit()).filter(|word| !word.is_empty()) {
        assert!(GIVEN.contains(&number), "{number} is not computed");
    }
}
