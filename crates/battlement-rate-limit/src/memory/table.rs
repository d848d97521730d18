use hashbrown::HashTable;

use super::networks::Counted;
use crate::algorithm::Cell;

/// The number of buckets that are swept for each new cell: enough to remove expired cells faster than new ones come.
const SWEPT: usize = 8;

/// Cells by key. Each is stored beside its key, so that a look-up in a table of any size reads one place for the tag
/// and one for the rest.
#[derive(Default)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    /// The bucket at which the next sweep starts.
    sweep: usize,
}

/// An entry; two of them share a cache line.
struct Entry {
    /// The upper half of the key.
    hash: u64,
    /// Eight more bits of the key, above the counts of its network. With those that selected the shard, 78 bits of a
    /// keyed hash distinguish two keys.
    tail: u32,
    cell: Cell,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: u128) -> Option<&mut Cell> {
        let found = self.entries.find_mut(hash(key), |entry| entry.is_of(key));
        found.map(|entry| &mut entry.cell)
    }

    pub(super) fn get(&self, key: u128) -> Option<Cell> {
        let found = self.entries.find(hash(key), |entry| entry.is_of(key));
        found.map(|entry| entry.cell)
    }

    /// Stores `cell` under `key`, and returns whether the key is new.
    pub(super) fn set(&mut self, key: u128, counted: Counted, cell: Cell) -> bool {
        if let Some(stored) = self.get_mut(key) {
            *stored = cell;
            return false;
        }
        let entry = Entry { hash: hash(key), tail: check(key) << 24 | counted.to_bits(), cell };
        self.entries.insert_unique(hash(key), entry, |entry| entry.hash);
        true
    }

    /// Removes a cell, and returns the counts that include it.
    pub(super) fn remove(&mut self, key: u128) -> Option<Counted> {
        let entry = self.entries.find_entry(hash(key), |entry| entry.is_of(key)).ok()?;
        Some(entry.remove().0.counted())
    }

    /// Removes the expired ones of a few cells.
    pub(super) fn sweep(&mut self, now: u64, mut on_removed: impl FnMut(Counted)) {
        for _ in 0..SWEPT.min(self.entries.num_buckets()) {
            self.sweep = if self.sweep < self.entries.num_buckets() { self.sweep } else { 0 };
            if let Ok(entry) = self.entries.get_bucket_entry(self.sweep)
                && entry.get().cell.is_spent(now)
            {
                on_removed(entry.remove().0.counted());
            }
            self.sweep += 1;
        }
    }
}

impl Entry {
    #[inline]
    fn is_of(&self, key: u128) -> bool {
        self.hash == hash(key) && self.tail >> 24 == check(key)
    }

    const fn counted(&self) -> Counted {
        Counted::of_bits(self.tail)
    }
}

/// Returns the hash of a key. Keys are random bits under a seed that clients do not know; the lower half has selected
/// the shard.
const fn hash(key: u128) -> u64 {
    (key >> 64) as u64
}

const fn check(key: u128) -> u32 {
    (key as u64 >> 56) as u32
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Set(u128, u64),
        Remove(u128),
        Sweep(u64),
    }

    /// Returns keys, some of which have the same upper half.
    fn key() -> impl Strategy<Value = u128> {
        (0_u128..4, 0_u128..16).prop_map(|(upper, lower)| upper << 64 | lower << 56)
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (key(), 0_u64..100).prop_map(|(key, until)| Step::Set(key, until)),
            1 => key().prop_map(Step::Remove),
            1 => (0_u64..100).prop_map(Step::Sweep),
        ]
    }

    proptest! {
        #[test]
        fn a_table_agrees_with_a_map_except_for_swept_expired_cells(
            steps in prop::collection::vec(step(), 0..200)
        ) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Set(key, until) => {
                        let cell = Cell { until, ..Cell::default() };
                        let is_new = table.set(key, Counted::NONE, cell);
                        prop_assert_eq!(map.insert(key, cell).is_none(), is_new);
                    }
                    Step::Remove(key) => {
                        let removed = table.remove(key);
                        prop_assert_eq!(removed.is_some(), map.remove(&key).is_some());
                    }
                    Step::Sweep(now) => {
                        table.sweep(now, |_| {});
                        map.retain(|key, cell| !cell.is_spent(now) || table.get(*key).is_some());
                    }
                }
                prop_assert_eq!(table.len(), map.len());
                for (key, cell) in &map {
                    prop_assert_eq!(table.get(*key), Some(*cell));
                }
            }
        }
    }

    #[test]
    fn sweeps_reach_every_cell() {
        let mut table = Table::default();
        for key in 0..1_000 {
            let counted = Counted::of_bits(key as u32);
            table.set(key << 64, counted, Cell { until: key as u64, ..Cell::default() });
        }
        let mut removed = Vec::new();
        for _ in 0..table.entries.num_buckets().div_ceil(SWEPT) {
            table.sweep(499, |counted| removed.push(counted.to_bits()));
        }
        removed.sort_unstable();
        assert_eq!(
            (table.len(), removed),
            (500, (0..500).collect()),
            "the counts of removed cells are reported"
        );
    }

    #[test]
    fn an_entry_is_half_a_cache_line() {
        assert_eq!(size_of::<Entry>(), 32);
    }
}
