use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

/// Returns `wait` plus a random time of up to `most`.
pub(crate) fn spread(wait: Duration, most: Duration) -> Duration {
    if most.is_zero() {
        return wait;
    }
    // Each hasher of the standard library has different keys, which is enough randomness to spread retries.
    let random = RandomState::new().build_hasher().finish();
    let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
    wait.saturating_add(most.mul_f64(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_only_lengthens_waits_and_makes_them_differ() {
        let (wait, most) = (Duration::from_secs(2), Duration::from_secs(10));
        let waits: Vec<_> = (0..100).map(|_| spread(wait, most)).collect();
        assert!(waits.iter().all(|spread| (wait..=wait + most).contains(spread)));
        assert!(waits.iter().any(|spread| *spread != waits[0]));
        assert_eq!(spread(wait, Duration::ZERO), wait);
    }
}
