use std::hash::Hasher;

/// A hasher for values that are hashes already, under a seed that clients do not know.
#[derive(Debug, Default)]
pub(super) struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, bits: u128) {
        // The lower half has selected the shard.
        self.0 = (bits >> 64) as u64;
    }
}
