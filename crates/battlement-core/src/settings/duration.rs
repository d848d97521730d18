use std::time::Duration;

use crate::InvalidField;

/// Parses `250ms`, `10s`, `5m`, `24h` or `7d`; records an invalid field and returns `None` for other text.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_core::settings::duration;
///
/// let mut invalid = Vec::new();
/// assert_eq!(duration("limit", "250ms", &mut invalid), Some(Duration::from_millis(250)));
/// assert!(invalid.is_empty());
/// assert_eq!(duration("limit", "soon", &mut invalid), None);
/// assert!(invalid[0].to_string().contains("limit"));
/// ```
#[must_use]
pub fn duration(field: &str, text: &str, invalid: &mut Vec<InvalidField>) -> Option<Duration> {
    let duration = parse(text);
    if duration.is_none() {
        let message = format!("must be a duration such as 250ms, 10s, 5m, 24h or 7d, got {text:?}");
        invalid.push(InvalidField::new(field, message));
    }
    duration
}

fn parse(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, seconds) in [("10s", 10.0), ("250ms", 0.25), ("5m", 300.0), ("24h", 86_400.0)] {
            assert_eq!(parse(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "10",
            "-1s",
            "1.5s",
            "1 s",
            "1w",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
