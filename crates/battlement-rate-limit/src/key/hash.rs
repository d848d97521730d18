use std::{
    fmt,
    hash::{BuildHasher as _, Hasher, RandomState},
};

use siphasher::sip128::{Hasher128 as _, SipHasher13};

/// A key as stores see it: 128 bits of a keyed hash, from which nobody learns the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(u128);

/// What the hash is keyed with.
#[derive(Clone)]
pub(crate) struct Secret(SipHasher13);

/// Takes in the parts of a key.
#[derive(Clone)]
pub struct KeyHasher(SipHasher13);

impl Secret {
    /// One of this process alone, so that nobody outside can make keys collide.
    pub(crate) fn random() -> Self {
        // The standard library seeds these by the operating system, for the same purpose.
        let [one, other] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
        Self::new([one, other])
    }

    /// One that others have as well.
    pub(crate) fn new([one, other]: [u64; 2]) -> Self {
        Self(SipHasher13::new_with_keys(one, other))
    }

    pub(crate) const fn hasher(&self) -> KeyHasher {
        KeyHasher(self.0)
    }

    /// The key of all requests that have none.
    pub(crate) fn nobody(&self) -> KeyHash {
        let mut hasher = self.hasher();
        hasher.write(b"nobody");
        hasher.finish_key()
    }
}

impl KeyHash {
    #[cfg(test)]
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only tests of it need one"))]
    pub(crate) const fn of_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// All 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

impl KeyHasher {
    pub(crate) fn finish_key(&self) -> KeyHash {
        KeyHash(self.0.finish128().as_u128())
    }
}

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    // The same bytes on every machine, since keys may be counted by several.

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number as u64);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
