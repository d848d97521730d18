use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

/// The spread of the announcements of connections over a period, so that their clients do not reconnect all at once.
#[derive(Debug, Default)]
pub(crate) struct Spread {
    /// The number of connections so far.
    next: AtomicU32,
}

/// The golden ratio as a fraction of 2^32: multiples of it are spread evenly over the circle, however many there are
/// (Knuth, The Art of Computer Programming 3, 6.4).
const GOLDEN: u32 = 0x9e37_79b9;

impl Spread {
    /// Returns the point in `period` of the next connection.
    pub(crate) fn point(&self, period: Duration) -> Duration {
        if period.is_zero() {
            return period;
        }
        let part = self.next.fetch_add(1, Relaxed).wrapping_mul(GOLDEN);
        period.mul_f64(f64::from(part) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_period_has_about_a_fifth_of_the_connections() {
        let (spread, period) = (Spread::default(), Duration::from_secs(5));
        for count in [50, 1_000] {
            let mut fifths = [0_usize; 5];
            for _ in 0..count {
                let point = spread.point(period);
                assert!(point <= period);
                fifths[(point.as_secs() as usize).min(4)] += 1;
            }
            assert!(fifths.iter().all(|part| part.abs_diff(count / 5) <= 4), "{fifths:?}");
        }
    }

    #[test]
    fn without_a_period_all_are_at_its_begin() {
        let spread = Spread::default();
        assert!((0..10).all(|_| spread.point(Duration::ZERO).is_zero()));
    }
}
