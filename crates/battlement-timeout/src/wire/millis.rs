use std::time::Duration;

use http::HeaderValue;

use super::{Written, digits};

const MS: u32 = 1_000_000;
const TEN_MS: u32 = 10 * MS;

/// The number of entries in [`ENTRIES`].
const COUNT: usize = 10_000;

/// The length of an entry: four digits and a zero.
const LEN: usize = 5;

/// The multiples of ten below 100,000, with leading zeros. Without their last digits they are the numbers below 10,000.
///
/// 50 KB of text, so that a value needs no allocation and costs a third of one that is formatted.
static ENTRIES: &str = match str::from_utf8(&entries()) {
    Ok(text) => text,
    Err(_) => panic!("digits are ASCII"),
};

/// Writes `time` as a number of milliseconds, rounded down: below 10 seconds to a millisecond, above to 10; `None` if
/// that is zero.
#[inline]
pub(super) fn write(time: Duration) -> Option<Written> {
    let (secs, nanos) = (time.as_secs(), time.subsec_nanos());
    let (entry, len, nanos) = match secs {
        0..10 => (secs * 1_000 + u64::from(nanos / MS), LEN - 1, nanos / MS * MS),
        10..100 => (secs * 100 + u64::from(nanos / TEN_MS), LEN, nanos / TEN_MS * TEN_MS),
        _ => return write_formatted(time, ""),
    };
    if entry == 0 {
        return None;
    }
    let zeros = usize::from(entry < 1_000) + usize::from(entry < 100) + usize::from(entry < 10);
    let start = entry as usize * LEN;
    let value = HeaderValue::from_static(&ENTRIES[start + zeros..start + len]);
    Some(Written { value, time: Duration::new(secs, nanos) })
}

/// Writes `time` as [`write`] does, with the unit `ms`.
pub(super) fn write_with_unit(time: Duration) -> Option<Written> {
    write_formatted(time, "ms")
}

#[inline(never)]
fn write_formatted(time: Duration, unit: &str) -> Option<Written> {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(digits::MOST);
    let millis = if millis < 10_000 { millis } else { millis / 10 * 10 };
    let written =
        || Written { value: digits::write(millis, unit), time: Duration::from_millis(millis) };
    (millis > 0).then(written)
}

const fn entries() -> [u8; COUNT * LEN] {
    let mut text = [b'0'; COUNT * LEN];
    let mut entry = 0;
    while entry < COUNT {
        let (mut number, mut at) = (entry, entry * LEN + LEN - 1);
        while number > 0 {
            at -= 1;
            text[at] += (number % 10) as u8;
            number /= 10;
        }
        entry += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_number_of_milliseconds_below_a_minute_is_written_as_its_digits() {
        for millis in 1..60_000 {
            let written = write(Duration::from_millis(millis)).unwrap();
            let expected = if millis < 10_000 { millis } else { millis / 10 * 10 };
            assert_eq!(written.value, expected.to_string());
            assert_eq!(written.time, Duration::from_millis(expected));
        }
    }

    #[test]
    fn a_value_below_100_seconds_is_a_constant() {
        for (secs, entry) in [(9, 9_000), (10, 1_000), (99, 9_900)] {
            let written = write(Duration::from_secs(secs)).unwrap();
            assert_eq!(written.value.as_bytes().as_ptr(), ENTRIES[entry * LEN..].as_ptr());
        }
    }

    proptest! {
        #[test]
        fn a_value_with_a_unit_states_the_same_time(
            secs in prop_oneof![0_u64..200, 0_u64..u64::MAX],
            nanos in 0_u32..1_000_000_000,
        ) {
            let time = Duration::new(secs, nanos);
            let (plain, with_unit) = (write(time), write_with_unit(time));
            prop_assert_eq!(plain.as_ref().map(|it| it.time), with_unit.as_ref().map(|it| it.time));
            let text = |it: Written| it.value.to_str().unwrap().to_owned();
            prop_assert_eq!(plain.map(|it| text(it) + "ms"), with_unit.map(text));
        }
    }
}
