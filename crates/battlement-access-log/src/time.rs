//! The time of day in the forms of logs, in UTC.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time of day, split into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) epoch_millis: u128,
    year: u64,
    month: u64,
    day: u64,
    second: u64,
    micros: u32,
}

impl Time {
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (year, month, day) = date(since.as_secs() / 86_400);
        Self {
            epoch_millis: since.as_millis(),
            year,
            month,
            day,
            second: since.as_secs() % 86_400,
            micros: since.subsec_micros(),
        }
    }

    const fn clock(self) -> (u64, u64, u64) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }

    /// Writes the form of Apache: `28/Nov/2026:17:33:00 +0000`.
    pub(crate) fn write_apache(self, out: &mut impl fmt::Write) -> fmt::Result {
        let (hour, minute, second) = self.clock();
        let month = usize::try_from(self.month - 1).ok().and_then(|at| MONTHS.get(at));
        let (day, month, year) = (self.day, month.unwrap_or(&"Jan"), self.year);
        write!(out, "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
    }
}

/// The form of RFC 3339, with microseconds.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.clock();
        let Self { year, month, day, micros, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Returns year, month and day of a number of days since 1970, in the Gregorian calendar ("days to civil" of Howard
/// Hinnant's date algorithms: years begin in March, so a leap day is the last of its year).
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + later, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_have_the_forms_of_rfc_3339_and_of_apache() {
        for (seconds, rfc, apache) in [
            (0, "1970-01-01T00:00:00.000005Z", "01/Jan/1970:00:00:00 +0000"),
            (951_782_399, "2000-02-28T23:59:59.000005Z", "28/Feb/2000:23:59:59 +0000"),
            (951_782_400, "2000-02-29T00:00:00.000005Z", "29/Feb/2000:00:00:00 +0000"),
            (1_709_251_199, "2024-02-29T23:59:59.000005Z", "29/Feb/2024:23:59:59 +0000"),
            (1_795_887_180, "2026-11-28T17:33:00.000005Z", "28/Nov/2026:17:33:00 +0000"),
            (4_107_542_400, "2100-03-01T00:00:00.000005Z", "01/Mar/2100:00:00:00 +0000"),
        ] {
            let time =
                Time::of(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(5));
            let mut text = String::new();
            time.write_apache(&mut text).unwrap();
            assert_eq!((time.to_string().as_str(), text.as_str()), (rfc, apache));
        }
    }
}
