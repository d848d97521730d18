//! A policy is well-formed or cannot be built, and every error is reported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_security_headers::{Csp, Directive, Source, SourceList, When};
use proptest::prelude::*;

const HASH: &str = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

fn mistakes(text: &str) -> Vec<String> {
    let error = Csp::parse(text).unwrap_err();
    error.fields().iter().map(ToString::to_string).collect()
}

#[test]
fn every_directive_of_level_3_can_be_said() {
    let text = format!(
        "default-src 'self';base-uri 'none';child-src blob:;connect-src wss://live.example.com;\
         fenced-frame-src https:;font-src data:;form-action 'self';frame-ancestors 'none';frame-src *.example.com;\
         img-src *;manifest-src 'self';media-src https:;object-src 'none';\
         script-src 'nonce' 'strict-dynamic' 'report-sample' 'report-sha256';script-src-attr 'unsafe-hashes' {HASH};\
         script-src-elem 'wasm-unsafe-eval';style-src 'unsafe-inline';style-src-attr 'none';\
         style-src-elem http://127.0.0.1:8080/a/b.css;worker-src https://example.com:*;\
         sandbox allow-scripts allow-forms;webrtc 'block';require-trusted-types-for 'script';\
         trusted-types app#1 'allow-duplicates';report-to csp;report-uri /csp https://r.example/x?a=1;\
         upgrade-insecure-requests"
    );
    let csp = Csp::parse(&text).unwrap();
    assert_eq!(csp.to_string(), text);
    assert_eq!(text.split(';').count(), Directive::ALL.len());
}

#[test]
fn a_builder_says_the_same_as_the_text() {
    let built = Csp::builder()
        .default_src(Source::SELF)
        .script_src([Source::NONCE, Source::STRICT_DYNAMIC])
        .style_src(["'self'", HASH])
        .sandbox(SourceList::default())
        .require_trusted_types()
        .upgrade_insecure_requests(When::Always)
        .build()
        .unwrap();
    let text = format!(
        "default-src 'self';script-src 'nonce' 'strict-dynamic';style-src 'self' {HASH};sandbox;\
         require-trusted-types-for 'script';upgrade-insecure-requests"
    );
    assert_eq!(built.to_string(), text);
    assert_eq!(built.clone().change().build().unwrap(), built);
    assert_eq!(Csp::parse(&text).unwrap(), built);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = mistakes(
        "img-src self; script-src 'strict-dynamic' 'sha256-short'; img-src *; sandbox allow-all; \
         block-all-mixed-content; scrip-src 'self'; object-src 'none' https:; font-src",
    );
    let expected = [
        ".img-src: \"self\" needs single quotes around it",
        ".script-src: \"'sha256-short'\" is not a valid hash",
        ".script-src: has 'strict-dynamic' without a nonce or a hash",
        ".img-src: is a duplicate",
        ".sandbox: \"allow-all\" is not a valid value for this directive",
        "\"block-all-mixed-content\" is a directive that browsers no longer support",
        "\"scrip-src\" is not a known directive",
        ".object-src: must not combine 'none' with other sources",
        ".font-src: must not be empty",
        ".default-src: is missing",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}

#[test]
fn values_that_helmet_rejects_are_rejected() {
    for bad in ["self", "none", "unsafe-inline", "strict-dynamic", "nonce-abc", "sha256-abc"] {
        assert!(bad.parse::<Source>().is_err(), "{bad}");
        assert!(bad.to_uppercase().parse::<Source>().is_err(), "{bad}");
    }
    for bad in ["'self'; script-src *", "a.example,b.example", "https://a.example/;", "", " "] {
        assert!(bad.parse::<Source>().is_err(), "{bad:?}");
    }
    assert!(Csp::parse("").is_err() && Csp::parse(";;").is_err());
    assert!(Csp::builder().without_default_src().build().is_err());
    assert!(Csp::builder().without_default_src().img_src("*").build().is_ok());
}

#[test]
fn a_source_means_something_where_it_stands() {
    for bad in [
        "img-src 'nonce'",
        "img-src 'unsafe-inline'",
        "frame-ancestors 'strict-dynamic'",
        "style-src 'strict-dynamic' 'nonce'",
        "base-uri 'unsafe-eval'",
    ] {
        let told = mistakes(&format!("default-src 'self'; {bad}"));
        assert!(told[0].contains("has no effect in this directive"), "{told:?}");
    }
}

#[test]
fn the_keywords_that_ask_for_hashes_in_reports_are_known_where_scripts_are_allowed() {
    for keyword in ["'report-sha256'", "'report-sha384'", "'report-sha512'"] {
        for directive in ["default-src", "script-src", "script-src-elem"] {
            let text = format!("{directive} 'self' {keyword}");
            let csp = Csp::parse(&text).or_else(|_| Csp::parse(&format!("default-src *;{text}")));
            assert!(csp.unwrap().to_string().ends_with(&text));
        }
        let told = mistakes(&format!("default-src 'self'; img-src {keyword}"));
        assert!(told[0].contains("has no effect in this directive"), "{told:?}");
        assert!(keyword.trim_matches('\'').parse::<Source>().is_err(), "it needs its quotes");
    }
}

#[test]
fn values_unknown_to_this_crate_can_be_used_unchecked() {
    let next = Source::unchecked("'report-sha1024'").unwrap();
    let csp = Csp::builder()
        .default_src([Source::SELF, next.clone()])
        .img_src(next)
        .sandbox(Source::unchecked("allow-next").unwrap())
        .unchecked_directive("Next-Src", ["'self'", "'next'"])
        .build()
        .unwrap();
    let text = "default-src 'self' 'report-sha1024';img-src 'report-sha1024';sandbox allow-next;\
                next-src 'self' 'next'";
    assert_eq!(csp.to_string(), text);
    assert_eq!(csp.clone().change().build().unwrap(), csp);
    assert!(Csp::parse(text).is_err(), "nothing else may say it");
    let twice = Csp::builder().default_src("*").unchecked_directive("next-src", "a");
    let twice = twice.unchecked_directive("next-src", "b").build().unwrap_err().to_string();
    assert!(twice.contains("next-src: is a duplicate"), "{twice}");
}

#[test]
fn values_known_to_this_crate_are_checked_even_if_marked_unchecked() {
    assert_eq!(Source::unchecked("'SELF'").unwrap(), Source::SELF);
    assert_eq!(Source::unchecked("'nonce'").unwrap(), Source::NONCE);
    for bad in ["self", "'nonce-abc'", "'sha256-abc'", "", "a b", "a;b", "a,b", "a\"b", "\u{fc}"] {
        assert!(Source::unchecked(bad).is_err(), "{bad:?}");
    }
    let nonce = Source::unchecked("'nonce'").unwrap();
    let error = Csp::builder().default_src("*").img_src(nonce).build().unwrap_err();
    assert!(error.to_string().contains("has no effect in this directive"), "{error}");
    for (name, value) in [("script-src", "self"), ("prefetch-src", "*"), ("a b", "c"), ("a", "b;c")]
    {
        let builder = Csp::builder().default_src("*").unchecked_directive(name, value);
        assert!(builder.build().is_err(), "{name} {value}");
    }
}

#[test]
fn hashes_and_nonces_have_their_length() {
    for (algorithm, digits, padding) in
        [("sha256", 43, "="), ("sha384", 64, ""), ("sha512", 86, "==")]
    {
        let hash =
            |digits: usize, padding| format!("'{algorithm}-{}{padding}'", "a".repeat(digits));
        assert!(hash(digits, padding).parse::<Source>().is_ok());
        assert!(hash(digits, "").parse::<Source>().is_ok());
        assert!(hash(digits - 1, "").parse::<Source>().is_err());
        assert!(hash(digits, "===").parse::<Source>().is_err());
    }
    assert!(format!("'nonce-{}'", "a".repeat(22)).parse::<Source>().is_ok());
    assert!(format!("'nonce-{}'", "a".repeat(21)).parse::<Source>().is_err());
}

#[test]
fn hosts_follow_the_grammar() {
    for good in [
        "example.com",
        "*.example.com",
        "localhost:3000",
        "https://example.com:*",
        "*:8080",
        "blob:",
        "https://example.com/a/b~c/%20",
        "custom+scheme:",
        "10.0.0.1",
        "xn--bcher-kva.example",
    ] {
        assert_eq!(good.parse::<Source>().unwrap().to_string(), good);
    }
    for bad in [
        "*example.com",
        "a.*.com",
        "example..com",
        ".example.com",
        "example.com:99999",
        "exa mple.com",
        "example.com:+80",
        "https://",
        "https:///path",
        "1https://example.com",
        "b\u{fc}cher.example",
        "example.com?x",
        "example.com/#top",
        "https://user@example.com",
        "example.com/a'b",
        "'foo'",
        "https://example.com\r\nset-cookie:a=1",
    ] {
        assert!(bad.parse::<Source>().is_err(), "{bad:?}");
    }
}

/// Returns the directives of a header, as a browser splits them.
fn parted(header: &str) -> Vec<(String, Vec<String>)> {
    header
        .split(';')
        .map(|directive| {
            let mut words = directive.split_ascii_whitespace().map(str::to_owned);
            (words.next().unwrap_or_default(), words.collect())
        })
        .collect()
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z.:/*'; ,\"\r\n\t=+-]{0,24}",
        "(https://)?[a-z]{1,5}\\.example(:[0-9]{1,6})?(/[a-z;, '\"]{0,6})?",
        "'(nonce|sha256|self|none)(-[A-Za-z0-9+/=_;, -]{0,50})?'",
    ]
}

proptest! {
    #[test]
    fn a_source_is_one_word_that_ends_nothing(text in hostile()) {
        if let Ok(source) = text.parse::<Source>() {
            let written = source.to_string();
            prop_assert!(written.bytes().all(|b| b.is_ascii_graphic() && !b";,\"".contains(&b)));
            let quotes = written.matches('\'').count();
            let quoted = written.starts_with('\'') && written.ends_with('\'');
            prop_assert!(quotes == 0 || (quotes == 2 && quoted), "{}", written);
            prop_assert_eq!(written.parse::<Source>().unwrap(), source);
        }
    }

    #[test]
    fn an_unchecked_source_or_directive_is_one_word_that_ends_nothing(
        name in "[a-z;, -]{0,8}", text in hostile(),
    ) {
        let Ok(source) = Source::unchecked(&text) else { return Ok(()) };
        let written = source.to_string();
        prop_assert!(written.bytes().all(|b| b.is_ascii_graphic() && !b";,\"".contains(&b)));
        prop_assert_eq!(Source::unchecked(&written).unwrap(), source.clone());
        let builder = Csp::builder().without_default_src().unchecked_directive(&name, source);
        if let Ok(csp) = builder.build() {
            let header = csp.to_string();
            prop_assert_eq!(parted(&header), [(name, vec![written])]);
        }
    }

    #[test]
    fn input_of_a_builder_stays_within_its_directive(
        values in prop::collection::vec((0..Directive::ALL.len(), prop::collection::vec(hostile(), 0..3)), 0..5),
    ) {
        let mut builder = Csp::builder().without_default_src();
        for (directive, words) in &values {
            let words: SourceList = words.iter().map(String::as_str).collect();
            builder = builder.directive(Directive::ALL[*directive], words);
        }
        if let Ok(csp) = builder.build() {
            let header = csp.to_string();
            prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(!header.contains(','));
            let parted = parted(&header);
            prop_assert_eq!(parted.len(), values.len());
            for ((name, words), (directive, told)) in parted.iter().zip(&values) {
                prop_assert_eq!(name, Directive::ALL[*directive].as_str());
                prop_assert_eq!(words.len(), told.len());
            }
            prop_assert_eq!(csp.clone().change().build().unwrap(), csp);
        }
    }

    #[test]
    fn a_parsed_policy_is_written_so_that_it_parses_the_same(text in "([a-z-]{0,12}[ ;,'a-z:*./]{0,20}){0,5}") {
        if let Ok(csp) = Csp::parse(&text) {
            prop_assert_eq!(Csp::parse(&csp.to_string()).unwrap(), csp);
        }
    }
}
