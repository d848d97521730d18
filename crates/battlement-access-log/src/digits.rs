//! Numbers in decimal digits, written without `fmt`, which costs more than the rest of a field.

use std::time::Duration;

/// Appends `number`, with zeros in front of it up to `width` digits.
pub(crate) fn push(text: &mut String, number: u64, width: usize) {
    let mut digits = [0; 20];
    let (mut rest, mut count) = (number, 0);
    for digit in &mut digits {
        if rest == 0 && count >= width.max(1) {
            break;
        }
        *digit = b'0' + (rest % 10) as u8;
        (rest, count) = (rest / 10, count + 1);
    }
    text.extend(digits.iter().take(count).rev().map(|digit| char::from(*digit)));
}

/// Appends a duration in milliseconds with up to three decimals, as `12.5`.
pub(crate) fn push_millis(text: &mut String, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    push(text, micros / 1000, 1);
    let (mut decimals, mut width) = (micros % 1000, 3);
    if decimals == 0 {
        return;
    }
    while decimals.is_multiple_of(10) {
        (decimals, width) = (decimals / 10, width - 1);
    }
    text.push('.');
    push(text, decimals, width);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_those_of_fmt(number in any::<u64>(), shift in 0_u32..64, width in 0_usize..20) {
            let number = number >> shift;
            let mut text = String::new();
            push(&mut text, number, width);
            prop_assert_eq!(text, format!("{number:0width$}"));
        }

        #[test]
        fn milliseconds_are_read_back_to_the_microsecond(micros in any::<u64>(), shift in 0_u32..64) {
            let micros = micros >> shift;
            let mut text = String::new();
            push_millis(&mut text, Duration::from_micros(micros));
            let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
            let read = format!("{whole}{decimals:0<3}").parse::<u64>();
            prop_assert_eq!(read, Ok(micros));
            prop_assert!(!decimals.ends_with('0'), "{}", text);
        }
    }

    #[test]
    fn a_time_too_long_for_the_number_is_the_longest_one() {
        let mut text = String::new();
        push_millis(&mut text, Duration::MAX);
        assert_eq!(text, "18446744073709551.615");
    }
}
