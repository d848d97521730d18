use battlement_testkit::unescaped;
use proptest::prelude::*;

use super::*;
use crate::truncate::LONGEST;

/// Returns bytes among which line ends, escapes, bidi characters and parts of characters are frequent.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "\r",
        "\n",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\x1b[31m",
        "\u{202e}",
        "\u{2066}",
        "\\",
        "\"",
        "\\u{a}",
        "\\x0a",
        "\\…",
        "\u{e0041}",
        "é",
        "a",
    ];
    let piece = prop::sample::select(pieces.map(|piece| piece.as_bytes().to_vec()).to_vec());
    let any_bytes = prop::collection::vec(any::<u8>(), 0..4);
    prop::collection::vec(prop_oneof![piece, any_bytes], 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn escaping_can_be_reversed_and_leaves_one_printable_line(value in hostile()) {
        for text in [escaped(&value, LONGEST), quoted(&value, LONGEST)] {
            prop_assert!(!text.chars().any(needs_escape), "{:?}", text);
            prop_assert_eq!(unescaped(&text), value.clone());
        }
        prop_assert!(!quoted(&value, LONGEST).contains('"'));
    }

    #[test]
    fn only_a_value_that_was_cut_has_the_mark(value in hostile(), longest in 16_usize..40) {
        let text = escaped(&value, longest);
        let start = text.strip_suffix(MARK);
        prop_assert_eq!(start.is_some(), value.len() > longest);
        prop_assert!(value.starts_with(&unescaped(start.unwrap_or(&text))));
    }
}

#[test]
fn text_that_could_break_a_line_is_escaped_and_other_text_is_borrowed() {
    assert!(matches!(escaped(b"/orders/1", LONGEST), Cow::Borrowed("/orders/1")));
    for (value, expected) in [
        ("a\nb", "a\\u{a}b"),
        ("a\u{202e}b", "a\\u{202e}b"),
        ("\x1b[31m", "\\u{1b}[31m"),
        ("\\n", "\\u{5c}n"),
        ("é", "é"),
    ] {
        assert_eq!(escaped(value.as_bytes(), LONGEST), expected);
    }
    assert_eq!(escaped(b"a\xff", LONGEST), "a\\xff");
    assert_eq!(quoted(b"a\"b", LONGEST), "a\\u{22}b");
}

#[test]
fn a_value_that_is_too_long_is_cut_and_marked() {
    assert_eq!(escaped(b"abcdef", 3), "abc\\…");
    assert_eq!(escaped("aéé".as_bytes(), 4), "aé\\…");
    assert_eq!(escaped(b"abc", 3), "abc");
}
