use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::{KeyHash, key::Secret};

/// The number of stored cells: of all, of each wide network (IPv6 /32, IPv4 /16) and of each IPv6 /48.
///
/// It bounds the share of the store that one network may take. Networks are counted by a hash under a random key: two
/// of 4,095 may share a count, and clients cannot choose which.
pub(super) struct Networks {
    secret: Secret,
    capacity: usize,
    stored: AtomicU32,
    counts: Box<[Counts]>,
}

#[derive(Default)]
struct Counts {
    wide: AtomicU32,
    narrow: AtomicU32,
}

/// The counts that include the cells of a key, in 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// 0 stands for no count.
    wide: u16,
    narrow: u16,
}

/// The number of counts, plus one.
const END: u16 = 1 << BITS;
const BITS: u32 = 12;

impl Networks {
    pub(super) fn new(capacity: usize) -> Self {
        let counts = (0..END).map(|_| Counts::default()).collect();
        Self { secret: Secret::random(), capacity, stored: AtomicU32::new(0), counts }
    }

    /// Returns the counts of a key.
    pub(super) fn of(&self, key: KeyHash) -> Counted {
        let number = |level: u8, bits: Option<u64>| bits.map_or(0, |bits| self.number(level, bits));
        let network = key.network();
        Counted { wide: number(0, network.wide()), narrow: number(1, network.narrow()) }
    }

    fn number(&self, level: u8, bits: u64) -> u16 {
        let hash = self.secret.digest([level.into(), bits]);
        // Never 0. The remainder is close to uniform.
        (hash % u64::from(END - 1)) as u16 + 1
    }

    /// Returns whether a network may hold `more` additional cells: no more than remain free beside them, and a /48 no
    /// more than a quarter of that. So however many networks take as much as they can, some cells remain for other
    /// networks.
    pub(super) fn admits(&self, counted: Counted, more: usize) -> bool {
        let free = self.capacity.saturating_sub(self.stored.load(Relaxed) as usize);
        let (wide, narrow) = self.counts(counted);
        let fits = |count: Option<&AtomicU32>, share: usize| {
            count.is_none_or(|count| (count.load(Relaxed) as usize + more) * share <= free)
        };
        fits(wide, 1) && fits(narrow, 4)
    }

    pub(super) fn add(&self, counted: Counted) {
        self.stored.fetch_add(1, Relaxed);
        let (wide, narrow) = self.counts(counted);
        for count in wide.into_iter().chain(narrow) {
            count.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn remove(&self, counted: Counted) {
        self.stored.fetch_sub(1, Relaxed);
        let (wide, narrow) = self.counts(counted);
        for count in wide.into_iter().chain(narrow) {
            count.fetch_sub(1, Relaxed);
        }
    }

    fn counts(
        &self,
        Counted { wide, narrow }: Counted,
    ) -> (Option<&AtomicU32>, Option<&AtomicU32>) {
        let counts = |number: u16| self.counts.get(usize::from(number)).filter(|_| number > 0);
        (counts(wide).map(|counts| &counts.wide), counts(narrow).map(|counts| &counts.narrow))
    }
}

impl Counted {
    pub(super) const NONE: Self = Self { wide: 0, narrow: 0 };

    /// Returns the number of the wide network, if there is one.
    pub(super) fn wide(self) -> Option<u16> {
        (self.wide > 0).then_some(self.wide)
    }

    pub(super) const fn to_bits(self) -> u32 {
        self.wide as u32 | (self.narrow as u32) << BITS
    }

    /// Reads the lower 24 bits.
    pub(super) const fn of_bits(bits: u32) -> Self {
        let lowest = END as u32 - 1;
        Self { wide: (bits & lowest) as u16, narrow: (bits >> BITS & lowest) as u16 }
    }
}
