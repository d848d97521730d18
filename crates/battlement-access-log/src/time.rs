//! The time of day in the forms of logs, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::digits::push;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time of day, split into its parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) epoch_millis: u64,
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
            epoch_millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            year,
            month,
            day,
            second: since.as_secs() % 86_400,
            micros: since.subsec_micros(),
        }
    }

    /// Appends the form of RFC 3339, with microseconds: `2026-11-28T17:33:00.250000Z`.
    pub(crate) fn push_rfc_3339(self, text: &mut String) {
        push(text, self.year, 4);
        text.push('-');
        push(text, self.month, 2);
        text.push('-');
        push(text, self.day, 2);
        text.push('T');
        self.push_clock(text);
        text.push('.');
        push(text, self.micros.into(), 6);
        text.push('Z');
    }

    /// Appends the form of Apache: `28/Nov/2026:17:33:00 +0000`.
    pub(crate) fn push_apache(self, text: &mut String) {
        let month = usize::try_from(self.month - 1).ok().and_then(|at| MONTHS.get(at));
        push(text, self.day, 2);
        text.push('/');
        text.push_str(month.unwrap_or(&"Jan"));
        text.push('/');
        push(text, self.year, 4);
        text.push(':');
        self.push_clock(text);
        text.push_str(" +0000");
    }

    fn push_clock(self, text: &mut String) {
        push(text, self.second / 3600, 2);
        text.push(':');
        push(text, self.second / 60 % 60, 2);
        text.push(':');
        push(text, self.second % 60, 2);
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
            let (mut text, mut other) = (String::new(), String::new());
            time.push_rfc_3339(&mut text);
            time.push_apache(&mut other);
            assert_eq!((text.as_str(), other.as_str()), (rfc, apache));
        }
    }
}
