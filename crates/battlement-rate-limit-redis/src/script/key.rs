use std::sync::Arc;

use battlement_core::hex;
use smallvec::SmallVec;

use crate::connection::slot_of;

/// The name of a key in Redis.
#[derive(Clone, Debug)]
pub(crate) struct RedisKey {
    prefix: Arc<str>,
    hash: u128,
}

/// The bytes of a key, most of which fit without an allocation.
pub(crate) type KeyBytes = SmallVec<[u8; 128]>;

/// The message about an invalid name.
pub(crate) const NAME: &str =
    "must be 1 to 64 characters, each a letter, a digit or one of `-_.:/`";
const MAX_NAME: usize = 64;

impl RedisKey {
    /// Creates a key from its beginning, up to the hash within the hash tag, and the hash.
    pub(crate) const fn new(prefix: Arc<str>, hash: u128) -> Self {
        Self { prefix, hash }
    }

    /// Returns the key with the whole hash within its hash tag, so that everything about a client is in one slot.
    pub(crate) fn to_bytes(&self) -> KeyBytes {
        let mut bytes = KeyBytes::new();
        bytes.extend_from_slice(self.prefix.as_bytes());
        bytes.extend_from_slice(&hex::<16, 32>(self.hash.to_be_bytes()));
        bytes.push(b'}');
        bytes
    }

    /// Returns the slot of the key in a cluster.
    pub(crate) fn slot(&self) -> u16 {
        slot_of(&self.to_bytes())
    }
}

/// Returns whether `name` can be a part of a key without being ambiguous.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_with_all_its_digits() {
        let key = RedisKey::new("rl:{shop:".into(), 0xfedc_ba98_7654_3210);
        assert_eq!(key.to_bytes().as_slice(), b"rl:{shop:0000000000000000fedcba9876543210}");
    }
}
