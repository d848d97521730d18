//! A token bucket.

use std::time::Duration;

use super::Rate;

/// A whole token. A rate in tokens a second is the same number of millionths a microsecond.
pub(super) const TOKEN: u64 = 1_000_000;

/// Tokens for frames, in millionths.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: u64,
}

impl Bucket {
    pub(super) const fn full(rate: Rate) -> Self {
        Self { rate, tokens: Self::capacity(rate) }
    }

    const fn capacity(rate: Rate) -> u64 {
        rate.burst() as u64 * TOKEN
    }

    /// Adds the tokens of a time.
    pub(super) fn refill(&mut self, elapsed: Duration) {
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.earn(micros.saturating_mul(u64::from(self.rate.per_second())));
    }

    /// Adds millionths of tokens, up to the burst.
    pub(super) fn earn(&mut self, amount: u64) {
        self.exchange(amount, 0);
    }

    /// Adds `earned` and takes `cost` millionths of tokens, then keeps at most the burst. Returns `false`, and changes
    /// nothing, if there are too few.
    pub(super) fn exchange(&mut self, earned: u64, cost: u64) -> bool {
        let Some(left) = self.tokens.saturating_add(earned).checked_sub(cost) else { return false };
        self.tokens = left.min(Self::capacity(self.rate));
        true
    }
}
