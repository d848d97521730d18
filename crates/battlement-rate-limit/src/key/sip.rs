/// SipHash-1-3 with 128 bits (Aumasson and Bernstein, 2012): without the key, no two messages can be made to collide.
/// Implemented here so that the constant parts of a message are computed at compile time.
#[derive(Clone, Copy)]
pub(super) struct Sip {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl Sip {
    pub(super) const fn keyed([one, other]: [u64; 2]) -> Self {
        Self {
            v0: one ^ 0x736f_6d65_7073_6575,
            v1: other ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            v2: one ^ 0x6c79_6765_6e65_7261,
            v3: other ^ 0x7465_6462_7974_6573,
        }
    }

    /// Absorbs eight bytes.
    #[inline]
    pub(super) const fn absorb(&mut self, bytes: u64) {
        self.v3 ^= bytes;
        self.round();
        self.v0 ^= bytes;
    }

    /// Absorbs the up to seven remaining bytes of a message of `length` and returns the hash.
    #[inline(always)]
    pub(super) const fn finish(mut self, rest: u64, length: u64) -> u128 {
        self.absorb(length << 56 | rest);
        self.v2 ^= 0xee;
        let lower = self.mix();
        self.v1 ^= 0xdd;
        lower as u128 | (self.mix() as u128) << 64
    }

    #[inline]
    const fn mix(&mut self) -> u64 {
        self.round();
        self.round();
        self.round();
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    #[inline]
    const fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32).wrapping_add(self.v3);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }
}
