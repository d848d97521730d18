use crate::trip::Share;

/// The rings of the rates over a number of calls. A ring that no rate uses takes no memory.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    pub(crate) failures: Ring,
    pub(crate) slow: Ring,
}

/// A bit for each of the last calls of a generation.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    generation: u64,
    bits: Vec<u64>,
    capacity: usize,
    next: usize,
    share: Share,
}

impl Ring {
    /// Adds a call, and removes the oldest one if the ring holds `capacity` calls. A call of an older generation than
    /// the ring's is ignored.
    pub(crate) fn push(&mut self, bit: bool, generation: u64, capacity: usize) {
        if capacity == 0 || generation < self.generation {
            return;
        }
        if generation > self.generation || capacity != self.capacity {
            *self = Self::new(generation, capacity);
        }
        let (word, mask) = (&mut self.bits[self.next / 64], 1 << (self.next % 64));
        self.share.part -= u64::from(*word & mask != 0);
        self.share.part += u64::from(bit);
        *word = if bit { *word | mask } else { *word & !mask };
        self.next = if self.next + 1 == capacity { 0 } else { self.next + 1 };
        self.share.total += u64::from(self.share.total < capacity as u64);
    }

    /// Returns the calls whose bit is set, and all, of `generation`.
    pub(crate) fn share(&self, generation: u64) -> Share {
        if generation == self.generation { self.share } else { Share::default() }
    }

    fn new(generation: u64, capacity: usize) -> Self {
        let bits = vec![0; capacity.div_ceil(64)];
        Self { generation, bits, capacity, ..Self::default() }
    }
}
