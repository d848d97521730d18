//! The choice of the calls that are timed: the first ones of a window, then one in eight.
//!
//! Two readings of the clock and their difference cost more than everything else that the layer does for a call.

use std::cell::Cell;

/// The calls of a window that are all timed. However many calls follow, the error of their mean latency is at most that of
/// 224 calls: for exponential times 6.7 %, where the default algorithm decides with 10 %.
const ALL: u64 = 512;

/// The number of calls that a timed call counts for once not all are timed.
pub(super) const MANY: u64 = 8;

thread_local! {
    static POSITION: Cell<u32> = const { Cell::new(0) };
}

/// Returns the number of calls that the next call counts for, after `calls` of its window; 0 if it is not timed.
///
/// A call has the same chance whatever its latency will be, and counts for the inverse of it, so that sums are right on
/// average.
#[inline(always)]
pub(super) fn of_next(calls: u64) -> u64 {
    match calls {
        ..ALL => 1,
        _ if is_chosen() => MANY,
        _ => 0,
    }
}

/// Returns true for one in [`MANY`] calls of this thread.
#[inline(always)]
fn is_chosen() -> bool {
    POSITION.with(|position| {
        // Multiples of the golden ratio are spread evenly. Every eighth call would always be the same one of a client that
        // sends its requests in turn.
        let next = position.get().wrapping_add(0x9E37_79B9);
        position.set(next);
        next < u32::MAX / MANY as u32
    })
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;

    /// Returns the weights of `calls` calls after the first ones of a window.
    fn weights(calls: usize) -> Vec<u64> {
        (0..calls).map(|_| of_next(ALL)).collect()
    }

    #[test]
    fn the_first_calls_of_a_window_are_all_timed_and_count_once() {
        assert!((0..ALL).all(|calls| of_next(calls) == 1));
        assert_ne!(of_next(ALL), 1);
        assert_ne!(of_next(u64::MAX), 1);
    }

    #[test]
    fn of_later_calls_one_in_eight_is_timed_and_counts_for_eight() {
        let weights = weights(8_000);
        assert!(weights.iter().all(|weight| [0, MANY].contains(weight)));
        // Also of few calls.
        for calls in weights.chunks(100) {
            let sum = calls.iter().sum::<u64>();
            assert!((84..=116).contains(&sum), "{sum}");
        }
    }

    #[test]
    fn calls_that_repeat_in_a_pattern_are_timed_alike() {
        for period in 2..=16 {
            let weights = weights(16_000);
            for place in 0..period {
                let calls = weights.iter().skip(place).step_by(period);
                let (count, sum) =
                    calls.fold((0, 0), |(count, sum), weight| (count + 1, sum + weight));
                let share = sum as f64 / f64::from(count);
                assert!((0.9..1.1).contains(&share), "{place} of {period}: {share}");
            }
        }
    }
}
