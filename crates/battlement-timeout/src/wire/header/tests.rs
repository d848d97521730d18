use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn read(header: &TimeoutHeader, lines: &[&str]) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header.name(), HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    header.read(&headers)
}

fn all() -> [TimeoutHeader; 3] {
    [TimeoutHeader::default(), TimeoutHeader::envoy(), TimeoutHeader::linkerd()]
}

#[test]
fn a_header_of_milliseconds_is_read() {
    for header in [TimeoutHeader::default(), TimeoutHeader::envoy()] {
        assert_eq!(read(&header, &["1500"]), Some(Duration::from_millis(1500)));
        assert_eq!(read(&header, &["99999999"]), Some(Duration::from_millis(99_999_999)));
        assert_eq!(read(&header, &["0"]), Some(Duration::ZERO));
    }
}

#[test]
fn a_header_of_linkerd_is_read_with_its_unit() {
    let header = TimeoutHeader::linkerd();
    for (text, secs) in [("3s", 3), ("2000ms", 2), ("2m", 120), ("1h", 3600), ("1d", 86_400)] {
        assert_eq!(read(&header, &[text]), Some(Duration::from_secs(secs)), "{text}");
    }
    for zero in ["0", "0s", "000ms"] {
        assert_eq!(read(&header, &[zero]), Some(Duration::ZERO), "{zero}");
    }
    for malformed in ["5", "1.5s", "1h30m", "s", "1 s", "1S", "1us"] {
        assert_eq!(read(&header, &[malformed]), None, "{malformed}");
    }
}

#[test]
fn an_empty_malformed_or_duplicate_value_counts_as_absent() {
    for header in all() {
        for text in
            ["", "-1", "+1", " 1", "abc", "100000000", "100000000ms", "1,2", "1e3", "0x10", "²"]
        {
            assert_eq!(read(&header, &[text]), None, "{header}: {text:?}");
        }
        assert_eq!(read(&header, &[]), None);
        assert_eq!(read(&header, &["0", "0"]), None);
    }
    assert_eq!(read(&TimeoutHeader::default(), &["100ms"]), None);
}

#[test]
fn a_time_below_a_millisecond_is_not_written() {
    for header in all() {
        assert!(header.write(Duration::ZERO).is_none());
        assert!(header.write(Duration::from_nanos(999_999)).is_none());
        assert_eq!(header.write(Duration::from_millis(1)).unwrap().time, Duration::from_millis(1));
    }
}

#[test]
fn a_time_is_written_in_milliseconds_rounded_down_and_from_10_seconds_on_to_10_milliseconds() {
    for (micros, millis) in [
        (1_995_900, "1995"),
        (9_999_999, "9999"),
        (10_009_999, "10000"),
        (29_995_000, "29990"),
        (99_999_999, "99990"),
        (100_009_000, "100000"),
        (u64::MAX, "99999990"),
    ] {
        let time = Duration::from_micros(micros);
        assert_eq!(TimeoutHeader::default().write(time).unwrap().value, millis);
        assert_eq!(TimeoutHeader::envoy().write(time).unwrap().value, millis);
        let with_unit = format!("{millis}ms");
        assert_eq!(TimeoutHeader::linkerd().write(time).unwrap().value, with_unit.as_str());
    }
    assert_eq!(TimeoutHeader::default().write(Duration::MAX).unwrap().value, "99999990");
}

#[test]
fn a_name_to_insert_is_that_of_the_header() {
    let custom = TimeoutHeader::milliseconds(HeaderName::from_static("x-timeout"));
    for header in all().into_iter().chain([custom]) {
        assert_eq!(header.owned_name(), header.name());
    }
    assert_eq!(TimeoutHeader::milliseconds(X_REQUEST_TIMEOUT_MS), TimeoutHeader::default());
}

#[test]
fn a_preset_or_the_name_of_a_header_is_parsed() {
    let custom = TimeoutHeader::milliseconds(HeaderName::from_static("x-timeout"));
    for (text, header) in [
        ("envoy", TimeoutHeader::envoy()),
        ("x-envoy-expected-rq-timeout-ms", TimeoutHeader::envoy()),
        ("linkerd", TimeoutHeader::linkerd()),
        ("L5d-Timeout", TimeoutHeader::linkerd()),
        ("X-Request-Timeout-Ms", TimeoutHeader::default()),
        ("x-timeout", custom),
    ] {
        assert_eq!(TimeoutHeader::try_from(text), Ok(header), "{text}");
    }
}

#[test]
fn a_header_that_cannot_state_a_timeout_is_refused_with_the_reason() {
    for name in ["content-length", "grpc-timeout", "date"] {
        let error = name.parse::<TimeoutHeader>().unwrap_err().to_string();
        assert!(error.contains("HTTP does not define") && error.contains(name), "{error}");
    }
    for name in ["", "enovy", "x timeout", "é"] {
        let error = name.parse::<TimeoutHeader>().unwrap_err().to_string();
        assert!(error.starts_with("must be `envoy`, `linkerd`"), "{error}");
    }
}

#[test]
#[should_panic(expected = "TimeoutHeader: must be a header that HTTP does not define, got `te`")]
fn a_reserved_header_panics() {
    let _ = TimeoutHeader::milliseconds(http::header::TE);
}

proptest! {
    #[test]
    fn a_time_written_then_read_is_never_longer_and_less_than_one_unit_shorter(
        millis in prop_oneof![1_u64..20_000, 1_u64..=99_999_999],
        nanos in 0_u64..1_000_000,
    ) {
        let time = Duration::from_millis(millis) + Duration::from_nanos(nanos);
        for header in all() {
            let written = header.write(time).unwrap();
            let read = read(&header, &[written.value.to_str().unwrap()]);
            prop_assert_eq!(read, Some(written.time));
            prop_assert!(written.time <= time);
            let unit = if time < Duration::from_secs(10) { 1 } else { 10 };
            prop_assert!(time - written.time < Duration::from_millis(unit));
        }
    }
}
