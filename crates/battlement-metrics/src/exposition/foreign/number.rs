/// A value, with its original text if every parser reads that alike.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(super) text: String,
    pub(crate) value: f64,
}

/// The maximum length of a text that is kept; some parsers reject thousands of digits.
const LONGEST: usize = 32;

impl Number {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let value: f64 = text.parse().ok()?;
        let text = match value {
            f64::INFINITY => "+Inf".to_owned(),
            f64::NEG_INFINITY => "-Inf".to_owned(),
            value if value.is_nan() => "NaN".to_owned(),
            value if text.len() > LONGEST => format!("{value:e}"),
            _ => text.to_owned(),
        };
        Some(Self { text, value })
    }

    /// Returns whether the value is a valid count.
    pub(super) fn is_count(&self) -> bool {
        self.value >= 0.0 && self.value.fract() == 0.0
    }
}

/// The unit of the times on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    /// Seconds with a fraction, as in OpenMetrics.
    Seconds,
    /// Milliseconds, as in the text format.
    Millis,
}

impl Clock {
    /// Parses a time into milliseconds since 1970.
    pub(super) fn parse(self, text: &str) -> Option<i64> {
        match self {
            Self::Millis => text.parse().ok(),
            Self::Seconds => {
                let millis = text.parse::<f64>().ok()? * 1e3;
                #[expect(clippy::cast_possible_truncation, reason = "checked on the same line")]
                #[expect(clippy::cast_precision_loss, reason = "a bound that is far from any time")]
                (millis.abs() < (i64::MAX / 2) as f64).then(|| millis.round() as i64)
            }
        }
    }
}

/// Formats milliseconds as OpenMetrics seconds.
pub(super) fn seconds(millis: i64) -> String {
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    format!("{sign}{}.{:03}", millis / 1_000, millis % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_as_written_unless_a_reader_refuses_them() {
        let text = |text: &str| Number::parse(text).map(|number| number.text);
        for same in ["0", "-1.50", "+2", "1e5", ".5", "5.", "12345678901234567890"] {
            assert_eq!(text(same).as_deref(), Some(same));
        }
        for (written, kept) in [
            ("Inf", "+Inf"),
            ("+inf", "+Inf"),
            ("-Infinity", "-Inf"),
            ("nan", "NaN"),
            ("1e400", "+Inf"),
            (&"9".repeat(5_000), "+Inf"),
            (&"0".repeat(5_000), "0e0"),
        ] {
            assert_eq!(text(written).as_deref(), Some(kept), "{written}");
        }
        for refused in ["", "one", "1_000", "0x10", "1 ", "1,5"] {
            assert_eq!(text(refused), None, "{refused}");
        }
    }

    #[test]
    fn times_are_converted_between_the_formats() {
        assert_eq!(Clock::Seconds.parse("1700000000.5"), Some(1_700_000_000_500));
        assert_eq!(Clock::Millis.parse("1700000000500"), Some(1_700_000_000_500));
        assert_eq!(seconds(1_700_000_000_500), "1700000000.500");
        assert_eq!(seconds(-1_500), "-1.500");
        for refused in ["NaN", "inf", "1e300", "soon"] {
            assert_eq!(Clock::Seconds.parse(refused), None, "{refused}");
        }
        assert_eq!(Clock::Millis.parse("1.5"), None);
    }
}
