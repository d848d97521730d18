use std::hash::{BuildHasher as _, RandomState};

/// The prime 2⁶¹ − 1.
const PRIME: u64 = (1 << 61) - 1;

/// A hash of keys under a secret, at a small part of the cost of `SipHash`.
///
/// The hash is the value of a polynomial at a secret point, modulo a prime. Its coefficients are the length of the key
/// and its bytes, 7 at a time. Two different keys of up to n blocks have the same value at n points at most, of 2⁶¹:
/// a sender who does not see the hashes cannot choose keys that collide.
#[derive(Debug)]
pub(super) struct Secret {
    point: u64,
    /// An odd factor, which spreads the value over all bits.
    factor: u64,
}

impl Secret {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self { point: random.hash_one(0) % PRIME, factor: random.hash_one(1) | 1 }
    }

    #[inline(always)]
    pub(super) fn hash(&self, key: &str) -> u64 {
        let bytes = key.as_bytes();
        let mut value = bytes.len() as u64;
        if bytes.len() < 8 {
            let start = bytes.iter().rev().fold(0, |block, byte| block << 8 | u64::from(*byte));
            value = self.step(value, start);
        } else {
            // The last block overlaps the one before, so that all are read as a word.
            let last = bytes.len() - 8;
            for at in (0..=last).step_by(7) {
                value = self.step(value, word(bytes, at) & LOW);
            }
            value = self.step(value, word(bytes, last) >> 8);
        }
        let wide = u128::from(value) * u128::from(self.factor);
        low(wide) ^ low(wide >> 64)
    }

    /// Multiplies by the point and adds a block of less than 2⁵⁶.
    #[inline]
    fn step(&self, value: u64, block: u64) -> u64 {
        let product = u128::from(value) * u128::from(self.point) + u128::from(block);
        // 2⁶¹ is 1 modulo the prime, so both halves may be added.
        let sum = (low(product) & PRIME) + low(product >> 61);
        if sum >= PRIME { sum - PRIME } else { sum }
    }
}

/// The bits of 7 bytes.
const LOW: u64 = (1 << 56) - 1;

/// Returns 8 bytes as a number.
#[inline]
fn word(bytes: &[u8], at: usize) -> u64 {
    let word = bytes.get(at..).and_then(<[u8]>::first_chunk);
    word.map_or(0, |word| u64::from_le_bytes(*word))
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is wanted")]
const fn low(wide: u128) -> u64 {
    wide as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const fn of(point: u64) -> Secret {
        Secret { point, factor: 1 }
    }

    /// Computes the polynomial with numbers that cannot overflow.
    fn naive(point: u64, key: &str) -> u64 {
        let bytes = key.as_bytes();
        let number =
            |block: &[u8]| block.iter().rev().fold(0, |sum, byte| sum * 256 + u128::from(*byte));
        let mut blocks = Vec::new();
        if bytes.len() < 8 {
            blocks.push(number(bytes));
        } else {
            let starts = (0..=bytes.len() - 8).step_by(7);
            blocks.extend(starts.map(|at| number(&bytes[at..at + 7])));
            blocks.push(number(&bytes[bytes.len() - 7..]));
        }
        let prime = u128::from(PRIME);
        let start = bytes.len() as u128 % prime;
        let value =
            blocks.iter().fold(start, |sum, block| (sum * u128::from(point) + block) % prime);
        low(value)
    }

    #[test]
    fn a_hash_is_the_value_of_the_polynomial_at_the_secret_point() {
        let text = "a.very-long-name.of-an-upstream.example:8443/\u{10ffff}\u{7f}";
        let points = [0, 1, 2, 12_345_678_901_234_567, PRIME - 2, PRIME - 1];
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            for point in points {
                let key = &text[..end];
                assert_eq!(of(point).hash(key), naive(point, key), "{key} at {point}");
            }
        }
    }

    #[test]
    fn keys_that_differ_in_one_byte_or_in_length_have_different_hashes() {
        let secret = Secret::new();
        let mut seen = HashSet::new();
        for length in 0..40 {
            let plain = "\0".repeat(length);
            assert!(seen.insert(secret.hash(&plain)), "{length}");
            for at in 0..length {
                let mut bytes = plain.clone().into_bytes();
                bytes[at] = 1;
                let key = String::from_utf8(bytes).unwrap();
                assert!(seen.insert(secret.hash(&key)), "{at} of {length}");
            }
        }
    }

    #[test]
    fn hashes_use_all_bits_and_each_table_has_its_own_secret() {
        let (one, other) = (Secret::new(), Secret::new());
        assert_ne!(one.hash("billing:80"), other.hash("billing:80"));
        let all = (0..64).map(|at| one.hash(&format!("host-{at}:80")));
        let (set, clear) = all.fold((0, 0), |(set, clear), hash| (set | hash, clear | !hash));
        assert_eq!((set, clear), (u64::MAX, u64::MAX));
    }
}
