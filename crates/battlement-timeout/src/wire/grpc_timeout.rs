use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::{Written, digits};

/// The header of a gRPC call in which the client states its timeout.
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The same, for look-ups.
static NAME: HeaderName = GRPC_TIMEOUT;

/// Returns the timeout of a gRPC call: 1 to 8 digits and a unit (`H`, `M`, `S`, `m`, `u`, `n`), as gRPC's protocol
/// over HTTP/2 defines it. An empty, malformed, or duplicate header counts as absent.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    parse(digits::only_line(&headers.get_all(&NAME))?)
}

fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let number = digits::read(digits)?;
    Some(match unit {
        b'n' => Duration::from_nanos(number.into()),
        b'u' => Duration::from_micros(number.into()),
        b'm' => Duration::from_millis(number.into()),
        b'S' => Duration::from_secs(number.into()),
        b'M' => Duration::from_secs(u64::from(number) * 60),
        b'H' => Duration::from_secs(u64::from(number) * 3600),
        _ => return None,
    })
}

/// Writes `time` in the finest unit that 8 digits allow, rounded down; `None` if it is zero.
///
/// More than 99,999,999 hours are written as that many.
pub(crate) fn write_grpc_timeout(time: Duration) -> Option<Written> {
    if time.is_zero() {
        return None;
    }
    let (number, unit) = in_finest_unit(time);
    let value = digits::write(number, unit);
    parse(value.as_bytes()).map(|time| Written { value, time })
}

fn in_finest_unit(time: Duration) -> (u64, &'static str) {
    let (secs, nanos) = (time.as_secs(), time.subsec_nanos());
    match secs {
        0 if u64::from(nanos) <= digits::MOST => (nanos.into(), "n"),
        0..100 => (secs * 1_000_000 + u64::from(time.subsec_micros()), "u"),
        100..100_000 => (secs * 1_000 + u64::from(time.subsec_millis()), "m"),
        100_000..=digits::MOST => (secs, "S"),
        _ if secs / 60 <= digits::MOST => (secs / 60, "M"),
        _ => ((secs / 3600).min(digits::MOST), "H"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const MOST_HOURS: Duration = Duration::from_secs(99_999_999 * 3600);

    fn read(lines: &[&str]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(&GRPC_TIMEOUT, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        grpc_timeout(&headers)
    }

    #[test]
    fn every_unit_of_the_protocol_is_read() {
        for (text, nanos) in [
            ("1n", 1),
            ("2u", 2_000),
            ("3m", 3_000_000),
            ("4S", 4_000_000_000),
            ("5M", 300_000_000_000),
            ("6H", 21_600_000_000_000),
            ("00000007n", 7),
        ] {
            assert_eq!(read(&[text]), Some(Duration::from_nanos(nanos)), "{text}");
        }
        assert_eq!(read(&["99999999H"]), Some(MOST_HOURS));
    }

    #[test]
    fn zero_in_any_unit_means_no_time_left() {
        for unit in ["H", "M", "S", "m", "u", "n"] {
            assert_eq!(read(&[&format!("0{unit}")]), Some(Duration::ZERO), "{unit}");
        }
    }

    #[test]
    fn an_empty_malformed_or_duplicate_value_counts_as_absent() {
        for text in [
            "",
            "1",
            "S",
            "m",
            "1s",
            "1h",
            "1N",
            "-1S",
            "+1S",
            " 1S",
            "1S ",
            "1 S",
            "1.5S",
            "1mS",
            "100000000n",
            "1S, 2S",
            "0x1S",
            "ٱS",
        ] {
            assert_eq!(read(&[text]), None, "{text:?}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["1S", "1S"]), None);
        assert_eq!(read(&["1S", ""]), None);
    }

    #[test]
    fn a_time_is_written_in_the_finest_unit_that_8_digits_allow() {
        for (time, text) in [
            (Duration::from_nanos(1), "1n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_nanos(1_995_000_900), "1995000u"),
            (Duration::from_micros(99_999_999), "99999999u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(100_000_000), "1666666M"),
            (Duration::from_secs(99_999_999 * 60 + 60), "1666666H"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(write_grpc_timeout(time).unwrap().value, text, "{time:?}");
        }
        assert!(write_grpc_timeout(Duration::ZERO).is_none());
    }

    /// Times of every magnitude.
    fn times() -> impl Strategy<Value = Duration> {
        let secs = (0_u32..64, any::<u64>()).prop_map(|(shift, secs)| secs >> shift);
        (prop_oneof![Just(0), secs], 0_u32..1_000_000_000)
            .prop_map(|(secs, nanos)| Duration::new(secs, nanos))
            .prop_filter("zero is not written", |time| !time.is_zero())
    }

    proptest! {
        #[test]
        fn a_time_written_then_read_is_never_longer_and_at_most_one_unit_shorter(time in times()) {
            let written = write_grpc_timeout(time).unwrap();
            let text = written.value.to_str().unwrap();
            prop_assert!((2..=9).contains(&text.len()), "{}", text);
            let read = read(&[text]).unwrap();
            prop_assert_eq!(read, written.time);
            prop_assert!(read <= time);
            let unit = parse(format!("1{}", &text[text.len() - 1..]).as_bytes()).unwrap();
            prop_assert!(time - read < unit || read == MOST_HOURS, "{} for {:?}", text, time);
        }

        #[test]
        fn a_value_is_read_only_if_it_is_digits_and_a_unit(text in "[0-9]{0,10}[HMSmunsh]?|[ -~]{0,10}") {
            let (digits, unit) = text.split_at(text.len().saturating_sub(1));
            let valid = (1..=8).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && "HMSmun".contains(unit);
            prop_assert_eq!(parse(text.as_bytes()).is_some(), valid);
        }
    }
}
