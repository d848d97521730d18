//! The rules of W3C Trace Context, level 2, with valid and invalid headers.

use battlement_core::{Trace, TraceFlags};
use proptest::prelude::*;

use super::{combine_tracestate, parse_traceparent};

const TRACE: &str = "12345678901234567890123456789012";
const SPAN: &str = "1234567890123456";

/// Returns trace id, span id and flags of a valid header.
fn parse(value: &str) -> Option<(String, String, u8)> {
    let trace = parse_traceparent(value.as_bytes())?;
    Some((trace.trace_id.to_string(), trace.span_id.to_string(), trace.flags.bits()))
}

fn valid(flags: u8) -> Option<(String, String, u8)> {
    Some((TRACE.to_owned(), SPAN.to_owned(), flags))
}

fn state(headers: &[&str]) -> Option<String> {
    combine_tracestate(headers.iter().map(|header| header.as_bytes())).map(|list| list.to_string())
}

mod traceparent {
    use super::*;

    #[test]
    fn a_trace_is_written_as_the_header_that_it_was_read_from() {
        let header = format!("00-{TRACE}-{SPAN}-01");
        let trace = parse_traceparent(header.as_bytes()).unwrap();
        let again = Trace::received(trace.trace_id, trace.span_id, TraceFlags::SAMPLED);
        assert_eq!(str::from_utf8(&again.traceparent()).unwrap(), header);
    }

    #[test]
    fn a_valid_header_gives_its_three_fields() {
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-00")), valid(0));
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-01")), valid(1));
    }

    #[test]
    fn flags_are_a_bit_field_of_which_level_2_defines_two() {
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-09")), valid(1));
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-03")), valid(3));
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-fc")), valid(0));
    }

    #[test]
    fn whitespace_around_the_value_is_ignored() {
        for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
            assert_eq!(parse(&format!("{before}00-{TRACE}-{SPAN}-01{after}")), valid(1));
        }
        assert_eq!(parse(&format!("00- {TRACE}-{SPAN}-01")), None);
    }

    #[test]
    fn version_00_has_55_characters_and_no_more() {
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-01.")), None);
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-01-")), None);
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-01-what-the-future-will-be-like")), None);
    }

    #[test]
    fn a_higher_version_is_read_as_far_as_it_is_known() {
        assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-01")), valid(1));
        assert_eq!(parse(&format!("01-{TRACE}-{SPAN}-01-")), valid(1));
        assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like")), valid(1));
        assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like")), None);
        assert_eq!(parse(&format!("cc-{TRACE}-{SPAN}-0")), None);
    }

    #[test]
    fn version_ff_does_not_exist() {
        assert_eq!(parse(&format!("ff-{TRACE}-{SPAN}-01")), None);
    }

    #[test]
    fn a_version_is_two_lowercase_hexadecimal_digits() {
        for version in [".0", "0.", "000", "0000", "0", "", "CC", "0G", "+0"] {
            assert_eq!(parse(&format!("{version}-{TRACE}-{SPAN}-01")), None, "{version:?}");
        }
    }

    #[test]
    fn a_trace_id_is_32_lowercase_hexadecimal_digits_not_all_zero() {
        let bad = [
            "00000000000000000000000000000000",
            ".2345678901234567890123456789012",
            "1234567890123456789012345678901.",
            "123456789012345678901234567890123",
            "1234567890123456789012345678901",
            "1234567890123456789012345678901A",
        ];
        for trace in bad {
            assert_eq!(parse(&format!("00-{trace}-{SPAN}-01")), None, "{trace}");
        }
    }

    #[test]
    fn a_parent_id_is_16_lowercase_hexadecimal_digits_not_all_zero() {
        let bad = [
            "0000000000000000",
            ".234567890123456",
            "123456789012345.",
            "12345678901234567",
            "123456789012345",
            "123456789012345F",
        ];
        for span in bad {
            assert_eq!(parse(&format!("00-{TRACE}-{span}-01")), None, "{span}");
        }
    }

    #[test]
    fn flags_are_two_lowercase_hexadecimal_digits() {
        for flags in [".0", "0.", "001", "1", "", "0A"] {
            assert_eq!(parse(&format!("00-{TRACE}-{SPAN}-{flags}")), None, "{flags:?}");
        }
    }

    #[test]
    fn each_dash_has_a_fixed_position() {
        assert_eq!(parse(&format!("00_{TRACE}-{SPAN}-01")), None);
        assert_eq!(parse(&format!("00-{TRACE}_{SPAN}-01")), None);
        assert_eq!(parse(&format!("00-{TRACE}-{SPAN}_01")), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(value in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse_traceparent(&value);
        }

        #[test]
        fn of_a_header_with_one_wrong_byte_what_is_accepted_is_written_and_read_the_same(
            at in 0..55_usize,
            byte in any::<u8>(),
        ) {
            let mut value = format!("00-{TRACE}-{SPAN}-01").into_bytes();
            let was = std::mem::replace(&mut value[at], byte);
            match parse_traceparent(&value) {
                Some(trace) => {
                    prop_assert_eq!(parse_traceparent(&trace.traceparent()), Some(trace));
                }
                None => prop_assert_ne!(was, byte),
            }
        }

        #[test]
        fn almost_valid_headers_are_parsed_or_rejected_but_not_misread(
            version in "[0-9a-f]{2}",
            trace in "[0-9a-f]{32}",
            span in "[0-9a-f]{16}",
            flags in "[0-9a-f]{2}",
            rest in "(-.{0,9})?",
        ) {
            let read = parse(&format!("{version}-{trace}-{span}-{flags}{rest}"));
            let zero = trace.bytes().all(|b| b == b'0') || span.bytes().all(|b| b == b'0');
            let rest_is_fine = rest.is_empty() || version != "00";
            prop_assert_eq!(read.is_some(), version != "ff" && !zero && rest_is_fine);
            if let Some((read_trace, read_span, read_flags)) = read {
                prop_assert_eq!((read_trace, read_span), (trace, span));
                prop_assert_eq!(read_flags, u8::from_str_radix(&flags, 16).unwrap() & 3);
            }
        }
    }
}

mod tracestate {
    use super::*;

    #[test]
    fn a_list_keeps_its_members_and_their_order() {
        assert_eq!(state(&["foo=1,bar=2"]).as_deref(), Some("foo=1,bar=2"));
    }

    #[test]
    fn several_headers_are_one_list() {
        let combined = state(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]);
        assert_eq!(combined.as_deref(), Some("foo=1,bar=2,rojo=1,congo=2,baz=3"));
    }

    #[test]
    fn empty_members_are_allowed_and_not_sent_on() {
        assert_eq!(state(&[""]), None);
        assert_eq!(state(&[]), None);
        assert_eq!(state(&["foo=1", ""]).as_deref(), Some("foo=1"));
        assert_eq!(state(&["", "foo=1"]).as_deref(), Some("foo=1"));
        assert_eq!(state(&[",foo=1, \t,,bar=2,"]).as_deref(), Some("foo=1,bar=2"));
    }

    #[test]
    fn whitespace_around_members_is_removed() {
        assert_eq!(
            state(&["\t foo=1 \t , \t bar=2, \t baz=3 \t"]).as_deref(),
            Some("foo=1,bar=2,baz=3")
        );
    }

    #[test]
    fn a_value_keeps_the_spaces_it_begins_with() {
        assert_eq!(state(&["foo=  1 2 "]).as_deref(), Some("foo=  1 2"));
    }

    #[test]
    fn every_allowed_character_passes() {
        let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/";
        let value: String = (b' '..=b'~').filter(|b| !b",=".contains(b)).map(char::from).collect();
        let list = format!("{key}={value}");
        assert_eq!(state(&[&list]), Some(list));
        assert_eq!(state(&["0=1"]).as_deref(), Some("0=1"));
        // Level 2 has no vendor format any more: an at sign may occur anywhere except at the start.
        assert_eq!(state(&["t@v=1,foo@@bar=2,foo@=3"]).as_deref(), Some("t@v=1,foo@@bar=2,foo@=3"));
    }

    #[test]
    fn one_bad_member_drops_the_list() {
        let bad = [
            "foo =1",
            "FOO=1",
            "foo.bar=1",
            "@foo=1",
            "_foo=1",
            "=1",
            "foo",
            "foo=",
            "foo= ",
            "foo=bar=baz",
            "foo=\u{e9}",
            "f\u{e9}o=1",
            "foo=a\tb",
            "foo=a\u{7f}",
            "foo;bar=1",
        ];
        for bad in bad {
            assert_eq!(state(&[&format!("good=1,{bad}")]), None, "{bad:?}");
        }
    }

    #[test]
    fn a_duplicate_key_keeps_its_first_member() {
        assert_eq!(state(&["foo=1,bar=2,foo=1"]).as_deref(), Some("foo=1,bar=2"));
        for headers in [&["foo=1,foo=1"][..], &["foo=1,foo=2"], &["foo=1", "foo=2"]] {
            assert_eq!(state(headers).as_deref(), Some("foo=1"), "{headers:?}");
        }
    }

    #[test]
    fn a_bad_member_drops_the_list_even_where_its_key_is_a_duplicate() {
        assert_eq!(state(&["foo=1,foo="]), None);
    }

    #[test]
    fn duplicates_count_towards_the_thirty_two_members() {
        assert_eq!(state(&[&["foo=1"; 32].join(",")]).as_deref(), Some("foo=1"));
        assert_eq!(state(&[&["foo=1"; 33].join(",")]), None);
    }

    #[test]
    fn thirty_two_members_pass_and_thirty_three_do_not() {
        let members =
            |n: usize| (1..=n).map(|i| format!("bar{i:02}={i}")).collect::<Vec<_>>().join(",");
        assert_eq!(state(&[&members(32)]), Some(members(32)));
        assert_eq!(state(&[&members(33)]), None);
    }

    #[test]
    fn keys_and_values_have_at_most_256_characters() {
        // The list may be too long to be passed on, which is another rule: this checks only that it is accepted.
        let survives = |member: &str| state(&["foo=1", member]).is_some();
        assert!(survives(&format!("{}=1", "z".repeat(256))));
        assert!(!survives(&format!("{}=1", "z".repeat(257))));
        assert!(survives(&format!("z={}", "1".repeat(256))));
        assert!(!survives(&format!("z={}", "1".repeat(257))));
    }

    #[test]
    fn a_list_too_long_to_travel_loses_long_members_first_then_the_last() {
        let long = format!("long={}", "x".repeat(124));
        let short = |n: usize| format!("s{n}={}", "y".repeat(100));
        let list = [short(1), long, short(2), short(3), short(4)].join(",");
        let kept = [short(1), short(2), short(3), short(4)].join(",");
        assert!(list.len() > 512 && kept.len() <= 512);
        assert_eq!(state(&[&list]), Some(kept.clone()));
        assert_eq!(state(&[&format!("{kept},{}", short(5))]), Some(kept));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_what_it_keeps_is_well_formed(
            headers in prop::collection::vec("[a-c =,\t~\u{e9}]{0,300}", 0..4),
        ) {
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            if let Some(list) = state(&headers) {
                prop_assert!(!list.is_empty() && list.len() <= 512);
                prop_assert_eq!(state(&[&list]), Some(list));
            }
        }

        #[test]
        fn a_list_with_duplicates_is_inherited_with_the_first_of_each_key(
            members in prop::collection::vec(("[a-e]", "[0-9]"), 1..=32),
            lines in 1..4_usize,
        ) {
            let text: Vec<_> = members.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let headers: Vec<_> = text.chunks(text.len().div_ceil(lines)).map(|of| of.join(",")).collect();
            let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
            let is_first = |at: &usize| !members[..*at].iter().any(|(key, _)| *key == members[*at].0);
            let expected: Vec<_> = (0..text.len()).filter(is_first).map(|at| text[at].clone()).collect();
            prop_assert_eq!(state(&headers), Some(expected.join(",")));
        }
    }
}
