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
    around(interval, random)
}

/// Returns `wait` plus a random time of up to `most`, so that clients that wait for the same event do not return at the
/// same time.
#[must_use]
pub fn spread(wait: Duration, most: Duration) -> Duration {
    if most.is_zero() {
        return wait;
    }
    // Each hasher of the standard library has different keys, which is enough randomness to spread retries.
    let random = RandomState::new().build_hasher().finish();
    #[expect(clippy::cast_precision_loss, reason = "a jitter needs no more than 53 bits")]
    let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
    wait.saturating_add(most.mul_f64(share))
}

/// Returns 90 to 110 % of `interval`, evenly by the random number `random`.
fn around(interval: Duration, random: u64) -> Duration {
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
        assert_eq!(around(second, 0), Duration::from_millis(900));
        assert_eq!(around(second, u64::MAX), Duration::from_millis(1_100));
        assert_eq!(around(Duration::MAX, u64::MAX), Duration::MAX);
    }

    #[test]
    fn jitter_only_lengthens_waits_and_makes_them_differ() {
        let (wait, most) = (Duration::from_secs(2), Duration::from_secs(10));
        let waits: Vec<_> = (0..100).map(|_| spread(wait, most)).collect();
        assert!(waits.iter().all(|spread| (wait..=wait + most).contains(spread)));
        assert!(waits.iter().any(|spread| *spread != waits[0]));
        assert_eq!(spread(wait, Duration::ZERO), wait);
    }
}
