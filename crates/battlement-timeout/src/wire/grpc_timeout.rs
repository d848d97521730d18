use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{number, single};

pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The units of `grpc-timeout`, the smallest first, with their nanoseconds.
const UNITS: [(u8, u64); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60 * 1_000_000_000),
    (b'H', 60 * 60 * 1_000_000_000),
];

/// The largest number: 8 digits.
const LARGEST: u128 = 99_999_999;

/// Returns the time in `grpc-timeout`: a number of 1 to 8 digits and a unit (gRPC over HTTP/2, "Requests"). Anything
/// else, and a duplicate, counts as absent.
pub(crate) fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    parse(single(headers, &GRPC_TIMEOUT)?)
}

fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let (_, nanos) = UNITS.iter().find(|(name, _)| name == unit)?;
    let number = number(digits)?;
    // The largest value, 99,999,999 hours, has more nanoseconds than a `u64`.
    let seconds = nanos / 1_000_000_000;
    Some(match seconds {
        0 => Duration::from_nanos(number * nanos),
        _ => Duration::from_secs(number * seconds),
    })
}

/// Returns the value of `grpc-timeout` for `time`, in the smallest unit in which it has at most 8 digits: never longer,
/// and at most one unit shorter.
#[cfg_attr(not(test), expect(dead_code, reason = "the propagation of deadlines writes it"))]
pub(crate) fn write_grpc_timeout(time: Duration) -> HeaderValue {
    let nanos = time.as_nanos();
    let fits = |(_, unit): &&(u8, u64)| nanos / u128::from(*unit) <= LARGEST;
    let (unit, number) = match UNITS.iter().find(fits) {
        Some((unit, length)) => (*unit, nanos / u128::from(*length)),
        None => (b'H', LARGEST),
    };
    let mut text = [0; 9];
    let mut start = text.len() - 1;
    text[start] = unit;
    let mut rest = u64::try_from(number).unwrap_or(0);
    loop {
        start -= 1;
        text[start] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 || start == 0 {
            break;
        }
    }
    HeaderValue::from_bytes(&text[start..]).unwrap_or(HeaderValue::from_static("0n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(value: &HeaderValue) -> Duration {
        let unit = value.as_bytes().last().unwrap();
        Duration::from_nanos(UNITS.iter().find(|(name, _)| name == unit).unwrap().1)
    }

    fn any_time() -> impl Strategy<Value = Duration> {
        (0..u64::BITS, any::<u64>(), 0..1_000_000_000_u32)
            .prop_map(|(shift, seconds, nanos)| Duration::new(seconds >> shift, nanos))
    }

    proptest! {
        #[test]
        fn a_time_that_is_written_and_read_is_never_longer_and_at_most_one_unit_shorter(
            time in any_time(),
        ) {
            let value = write_grpc_timeout(time);
            let read = parse(value.as_bytes()).unwrap();
            prop_assert!(read <= time);
            let longest = Duration::from_secs(99_999_999 * 60 * 60);
            prop_assert!(time.min(longest) - read <= unit(&value), "{value:?}");
        }

        #[test]
        fn no_bytes_panic(value in prop::collection::vec(any::<u8>(), 0..12)) {
            let _ = parse(&value);
        }
    }

    #[test]
    fn each_unit_is_read() {
        for (value, nanos) in [("1n", 1), ("2u", 2_000), ("3m", 3_000_000), ("4S", 4_000_000_000)] {
            assert_eq!(parse(value.as_bytes()), Some(Duration::from_nanos(nanos)), "{value}");
        }
        assert_eq!(parse(b"5M"), Some(Duration::from_secs(300)));
        assert_eq!(parse(b"6H"), Some(Duration::from_secs(21_600)));
        assert_eq!(parse(b"99999999H"), Some(Duration::from_secs(99_999_999 * 3_600)));
        assert_eq!(parse(b"0m"), Some(Duration::ZERO));
        assert_eq!(parse(b"00000012S"), Some(Duration::from_secs(12)));
    }

    #[test]
    fn a_value_of_another_form_counts_as_absent() {
        for value in ["", "m", "5", "5s", "-5m", "+5m", "5 m", " 5m", "1.5S", "123456789m", "5mm"] {
            assert_eq!(parse(value.as_bytes()), None, "{value:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(GRPC_TIMEOUT, HeaderValue::from_static("5m"));
        assert_eq!(grpc_timeout(&headers), Some(Duration::from_millis(5)));
        headers.append(GRPC_TIMEOUT, HeaderValue::from_static("5m"));
        assert_eq!(grpc_timeout(&headers), None);
    }

    #[test]
    fn the_smallest_unit_that_fits_is_written() {
        for (nanos, value) in [
            (0, "0n"),
            (99_999_999, "99999999n"),
            (100_000_000, "100000u"),
            (195_000_000, "195000u"),
            (99_999_999_999, "99999999u"),
            (100_000_000_000, "100000m"),
        ] {
            assert_eq!(write_grpc_timeout(Duration::from_nanos(nanos)), value);
        }
        assert_eq!(write_grpc_timeout(Duration::MAX), "99999999H");
    }
}
