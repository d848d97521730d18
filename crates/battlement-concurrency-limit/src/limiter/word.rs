/// The highest number of classes.
pub(crate) const MOST_CLASSES: usize = 4;

/// The flag of a word while requests wait: permits are handed over, and not left to the next arrival.
pub(super) const WAITING: u64 = 1 << 63;

/// The bits that the limit and the counts share.
const BITS: u32 = 63;

/// Shares are kept in millionths of the limit, so that 0.2 of 10 is exactly 2.
const MILLION: u64 = 1_000_000;

/// The arithmetic of the word that holds a limit and the calls in flight.
///
/// The limit and one count for each class have the same number of bits: 31 with one class, 21 with two, 15 with three and
/// 12 with four. The count of a class includes the classes below it. The first count is therefore that of all calls, and
/// a check needs no sum; a call of a class adds one to its count and to those above. No count exceeds the highest limit that
/// fits, so none overflows into its neighbor.
///
/// A call of a class is admitted if fewer calls are in flight than the limit, and if, for each class above its own, the
/// calls below that class are fewer than the limit less the reserves of that class and those above it. Calls of
/// lower classes together therefore never use a reserve. A reserve is rounded up, but leaves one permit to the lower classes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    classes: usize,
    bits: u32,
    limit_shift: u32,
    mask: u64,
    /// The value of a call of each class.
    calls: [u64; MOST_CLASSES],
    /// The share of the limit that each class and those below it may use together, in millionths.
    shares: [u64; MOST_CLASSES],
}

impl Layout {
    /// Creates the layout for classes with these reserves, as shares of the limit, from the highest class on.
    pub(super) fn new(reserves: &[f64]) -> Self {
        let classes = reserves.len().clamp(1, MOST_CLASSES);
        let bits = bits(classes);
        let above = |class: usize| reserves.iter().take(class).sum::<f64>();
        // The conversion of a float saturates; the settings refuse such reserves.
        let share = |class| MILLION.saturating_sub((above(class) * MILLION as f64).round() as u64);
        Self {
            classes,
            bits,
            limit_shift: bits * classes as u32,
            mask: most(classes),
            calls: std::array::from_fn(|class| call(class.min(classes - 1), bits)),
            shares: std::array::from_fn(share),
        }
    }

    /// Returns the word of a limit with no call in flight.
    pub(super) fn empty(&self, limit: usize) -> u64 {
        self.with_limit(0, limit)
    }

    /// Returns the word with another limit, which is at least 1 and at most what fits.
    pub(super) fn with_limit(&self, word: u64, limit: usize) -> u64 {
        let limit = (limit as u64).clamp(1, self.mask);
        word & !(self.mask << self.limit_shift) | limit << self.limit_shift
    }

    /// Returns the class, or the lowest one if there is no such class.
    #[inline]
    pub(super) fn class(&self, class: usize) -> usize {
        class.min(self.classes - 1)
    }

    /// Returns the value of a call in flight, to be added to the word or subtracted from it.
    #[inline]
    pub(super) const fn call(&self, class: usize) -> u64 {
        self.calls[class]
    }

    /// Returns whether a call of this class may begin.
    #[inline(always)]
    pub(super) fn admits(&self, word: u64, class: usize) -> bool {
        let limit = self.limit(word);
        // The first count is in the lowest bits.
        word & self.mask < limit && (class == 0 || self.leaves_reserves(word, limit, class))
    }

    #[inline]
    pub(super) const fn limit(&self, word: u64) -> u64 {
        word >> self.limit_shift & self.mask
    }

    /// Returns the number of calls in flight of a class.
    pub(super) const fn in_flight(&self, word: u64, class: usize) -> u64 {
        let lower = class + 1;
        let below = if lower < self.classes { self.count(word, lower) } else { 0 };
        self.count(word, class) - below
    }

    /// Returns the number of calls in flight of all classes.
    #[inline]
    pub(super) const fn total(&self, word: u64) -> u64 {
        word & self.mask
    }

    /// Returns whether a call of a class other than the highest leaves the reserves of the ones above.
    #[inline]
    fn leaves_reserves(&self, word: u64, limit: u64, class: usize) -> bool {
        (1..=class).all(|class| match self.shares[class] {
            // All calls are fewer than the limit.
            MILLION => true,
            share => self.count(word, class) < bound(limit, share),
        })
    }

    /// Returns the number of calls in flight of a class and those below it.
    #[inline]
    const fn count(&self, word: u64, class: usize) -> u64 {
        word >> (self.bits * class as u32) & self.mask
    }
}

/// Returns the number of permits in a share in millionths. Rounded down, so a reserve is rounded up.
#[inline]
fn bound(limit: u64, share: u64) -> u64 {
    (limit * share / MILLION).max(1)
}

/// Returns the value of a call: one in the count of its class and in those above.
fn call(class: usize, bits: u32) -> u64 {
    (0..=class as u32).map(|class| 1 << (class * bits)).sum()
}

/// Returns the highest limit of a word with so many classes.
pub(super) const fn most(classes: usize) -> u64 {
    (1 << bits(classes)) - 1
}

const fn bits(classes: usize) -> u32 {
    BITS / (classes as u32 + 1)
}

#[cfg(all(test, not(battlement_loom)))]
mod tests;
