use std::sync::Arc;

use smallvec::SmallVec;

use super::slot::slot_of;

/// Where in Redis something is kept.
#[derive(Clone, Debug)]
pub(super) struct Place {
    begins: Arc<str>,
    bits: u128,
}

/// Most are written without a block of memory.
pub(super) type Text = SmallVec<[u8; 128]>;

impl Place {
    /// What a key begins with, up to the number within its tag.
    pub(super) const fn new(begins: Arc<str>, bits: u128) -> Self {
        Self { begins, bits }
    }

    /// The key: the whole number within the tag, so that whatever belongs to it lies in one slot.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::new();
        text.extend_from_slice(self.begins.as_bytes());
        text.extend_from_slice(&hex(self.bits));
        text.push(b'}');
        text
    }

    /// Its slot in a cluster.
    pub(super) fn slot(&self) -> u16 {
        slot_of(&self.text())
    }
}

fn hex(bits: u128) -> [u8; 32] {
    let mut digits = [0; 32];
    for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(bits.to_be_bytes()) {
        *pair = PAIRS[usize::from(byte)];
    }
    digits
}

/// The two digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let (mut all, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        all[byte] = [b"0123456789abcdef"[byte >> 4], b"0123456789abcdef"[byte & 15]];
        byte += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_with_all_its_digits() {
        let place = Place::new("rl:{shop:".into(), 0xfedc_ba98_7654_3210);
        assert_eq!(place.text().as_slice(), b"rl:{shop:0000000000000000fedcba9876543210}");
    }
}
