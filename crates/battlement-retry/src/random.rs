use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Returns a random number.
///
/// Each hasher of the standard library has keys of its own, derived from randomness of the operating system, so the
/// numbers of two clients are independent and no state is shared between threads.
#[must_use]
pub(crate) fn draw() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Scales the random number `random` to 0 through `most`.
#[must_use]
pub(crate) fn up_to(most: u64, random: u64) -> u64 {
    let scaled = (u128::from(random) * (u128::from(most) + 1)) >> 64;
    // The product is less than (most + 1) · 2⁶⁴.
    u64::try_from(scaled).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the chi-squared statistic of `counts` against an even spread.
    fn chi_squared(counts: &[u32]) -> f64 {
        let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum()
    }

    #[test]
    fn a_random_number_is_scaled_from_zero_through_the_most() {
        assert_eq!((up_to(9, 0), up_to(9, u64::MAX)), (0, 9));
        assert_eq!((up_to(0, u64::MAX), up_to(u64::MAX, u64::MAX)), (0, u64::MAX));
        assert_eq!((up_to(9, 1 << 63), up_to(1, (1 << 63) - 1), up_to(1, 1 << 63)), (5, 0, 1));
    }

    #[test]
    fn ten_thousand_draws_are_spread_evenly() {
        let mut counts = [0; 64];
        for _ in 0..10_000 {
            counts[usize::try_from(up_to(63, draw())).unwrap()] += 1;
        }
        // An even spread exceeds 142 once in ten million runs (63 degrees of freedom).
        assert!(chi_squared(&counts) < 142.0, "{counts:?}");
    }

    #[test]
    fn the_draws_of_two_clients_are_independent() {
        let other = std::thread::spawn(|| (0..10_000).map(|_| draw()).collect::<Vec<_>>());
        let mut pairs = [0; 64];
        for (one, other) in std::iter::repeat_with(draw).zip(other.join().unwrap()) {
            pairs[usize::try_from(8 * up_to(7, one) + up_to(7, other)).unwrap()] += 1;
        }
        assert!(chi_squared(&pairs) < 142.0, "{pairs:?}");
    }
}
