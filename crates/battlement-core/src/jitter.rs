use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

/// Returns `interval`, changed at random by up to a tenth, so that periodic work of several processes or connections
/// does not coincide.
#[must_use]
pub fn jittered(interval: Duration) -> Duration {
    // From the keys of a hasher of the standard library, which differ between processes.
    let random = RandomState::new().build_hasher().finish();
    spread(interval, random)
}

/// Returns 90 to 110 % of `interval`, evenly by the random number `random`.
fn spread(interval: Duration, random: u64) -> Duration {
    let tenth = interval / 10;
    #[expect(clippy::cast_precision_loss, reason = "a jitter needs no more than 53 bits")]
    let share = random as f64 / u64::MAX as f64;
    (interval - tenth).saturating_add((tenth * 2).mul_f64(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_varies_by_a_tenth_and_the_longest_one_does_not_overflow() {
        let second = Duration::from_secs(1);
        assert_eq!(spread(second, 0), Duration::from_millis(900));
        assert_eq!(spread(second, u64::MAX), Duration::from_millis(1_100));
        assert_eq!(spread(Duration::MAX, u64::MAX), Duration::MAX);
    }
}
