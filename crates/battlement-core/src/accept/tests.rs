use proptest::prelude::*;

use super::*;

const JSON: &[&str] = &["application/json", "application/problem+json"];
const TEXT: &[&str] = &["text/plain"];
const HTML: &[&str] = &["text/html"];
const FORMATS: [&[&str]; 3] = [JSON, TEXT, HTML];

fn accept(value: &str) -> Accept {
    Accept(HeaderValue::from_str(value).unwrap())
}

#[test]
fn the_format_with_the_highest_weight_is_preferred() {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let formats = [Some(JSON), Some(TEXT), Some(HTML), None];
    let [json, text, html, none] = formats;
    for (value, format) in [
        ("", none),
        ("*/*", json),
        ("application/json", json),
        ("Application/Problem+JSON", json),
        ("application/*, text/html", json),
        ("image/png", none),
        ("image/*", none),
        ("*/json", none),
        ("text/*", text),
        ("TEXT/*", text),
        ("text/plain;q=0.5, application/json;q=0.4", text),
        ("text/plain; q=0.5 , text/html;level=1;q=0.51", html),
        (browser, html),
        ("text/html;q=0, */*;q=0.1", json),
        ("*/*;q=0.9, application/json;q=0, text/plain;q=0", html),
        (r#"text/html;x="a,b;q=0\"", text/plain;q=0.9"#, html),
        ("text/html;q=1.001", none),
        ("text/html;q=high", none),
        ("application/json;q=0, text/*;q=0", none),
    ] {
        let preferred = accept(value).preferred(&FORMATS).map(|index| FORMATS[index]);
        assert_eq!(preferred, format, "{value}");
    }
}

#[test]
fn all_lines_are_read_up_to_4_kib_in_total() {
    let headers = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT, HeaderValue::from_str(line).unwrap());
        }
        headers
    };
    let preferred = |lines: &[&str]| Accept::of(&headers(lines))?.preferred(&FORMATS);
    assert_eq!(preferred(&[]), None);
    assert_eq!(preferred(&["image/png", "text/html"]), Some(2));
    let padding = format!("image/{}", "x".repeat(LONGEST - "image/,text/html".len()));
    assert_eq!(preferred(&[&padding, "text/html"]), Some(2));
    assert!(Accept::of(&headers(&[&padding, "text/html "])).is_none());
    assert!(Accept::of(&headers(&[&"x".repeat(LONGEST + 1)])).is_none());
    assert!(Accept::of(&headers(&[&"x".repeat(LONGEST)])).is_some());
}

proptest! {
    #[test]
    fn any_header_has_weights_of_at_most_1000(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            prop_assert!(Accept(value).weights(&FORMATS).iter().all(|weight| *weight <= 1000));
        }
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
        let expected = FORMATS.map(|names| {
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
        let written = written.collect::<Vec<_>>().join(",");
        prop_assert_eq!(accept(&written).weights(&FORMATS), expected);
    }

    #[test]
    fn the_first_format_with_the_highest_weight_wins(
        weights in prop::array::uniform3(0_u16..=1000),
        order in Just([0_usize, 1, 2]).prop_shuffle(),
    ) {
        let names = ["application/json", "text/plain", "text/html"];
        let range = |index: usize| {
            let weight = weights[index];
            format!("{};q={}.{:03}", names[index], weight / 1000, weight % 1000)
        };
        let most = weights.iter().max().copied().filter(|weight| *weight > 0);
        let first = most.and_then(|most| weights.iter().position(|weight| *weight == most));
        let written = order.map(range).join(" , ");
        prop_assert_eq!(accept(&written).preferred(&FORMATS), first);
    }
}
