use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Returns a random number, from the keys of a hasher of the standard library: no state is shared between threads.
pub(crate) fn draw() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Returns a number from `least` to `most`, evenly by the random number `random`.
pub(crate) fn between(least: u64, most: u64, random: u64) -> u64 {
    let numbers = u128::from(most.saturating_sub(least)) + 1;
    // The product of `numbers` and `random`, shifted, is less than `numbers`.
    least + u64::try_from((u128::from(random) * numbers) >> 64).unwrap_or_default()
}
