use hashbrown::HashTable;

use crate::decide::Cell;

/// Buckets that are looked at for each new cell: so many that the spent ones go faster than new ones come.
const SWEPT: usize = 8;

/// Cells by key. Each lies beside its key, so that among however many a look-up goes to one place for the tag and
/// to one for the rest.
#[derive(Default)]
pub(super) struct Table {
    entries: HashTable<Entry>,
    /// Where the sweep goes on.
    sweep: usize,
}

struct Entry {
    key: u128,
    cell: Cell,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, key: u128) -> Option<&mut Cell> {
        let found = self.entries.find_mut(hash(key), |entry| entry.key == key);
        found.map(|entry| &mut entry.cell)
    }

    pub(super) fn get(&self, key: u128) -> Option<Cell> {
        let found = self.entries.find(hash(key), |entry| entry.key == key);
        found.map(|entry| entry.cell)
    }

    /// Keeps `cell` under `key`, which may be new.
    pub(super) fn set(&mut self, key: u128, cell: Cell) {
        match self.get_mut(key) {
            Some(kept) => *kept = cell,
            None => {
                let entry = Entry { key, cell };
                self.entries.insert_unique(hash(key), entry, |entry| hash(entry.key));
            }
        }
    }

    pub(super) fn remove(&mut self, key: u128) {
        if let Ok(entry) = self.entries.find_entry(hash(key), |entry| entry.key == key) {
            entry.remove();
        }
    }

    /// Throws a few cells out, if they are spent.
    pub(super) fn sweep(&mut self, now: u64) {
        for _ in 0..SWEPT.min(self.entries.num_buckets()) {
            self.sweep = if self.sweep < self.entries.num_buckets() { self.sweep } else { 0 };
            if let Ok(entry) = self.entries.get_bucket_entry(self.sweep)
                && entry.get().cell.is_spent(now)
            {
                entry.remove();
            }
            self.sweep += 1;
        }
    }

    /// Throws out all that are spent.
    pub(super) fn sweep_all(&mut self, now: u64) {
        self.entries.retain(|entry| !entry.cell.is_spent(now));
    }
}

/// Keys are random bits under a seed that no client knows. The lower half has chosen the shard.
const fn hash(key: u128) -> u64 {
    (key >> 64) as u64
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

    /// Keys that have their upper half in common, too.
    fn key() -> impl Strategy<Value = u128> {
        (0_u128..4, 0_u128..16).prop_map(|(upper, lower)| upper << 64 | lower)
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
        fn a_table_holds_what_a_map_does_but_for_what_was_spent_when_it_was_swept(
            steps in prop::collection::vec(step(), 0..200)
        ) {
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Set(key, until) => {
                        let cell = Cell { until, ..Cell::default() };
                        table.set(key, cell);
                        map.insert(key, cell);
                    }
                    Step::Remove(key) => {
                        table.remove(key);
                        map.remove(&key);
                    }
                    Step::Sweep(now) => {
                        table.sweep(now);
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
    fn a_sweep_comes_to_every_cell() {
        let mut table = Table::default();
        for key in 0..1_000 {
            table.set(key << 64, Cell { until: key as u64, ..Cell::default() });
        }
        for _ in 0..table.entries.num_buckets().div_ceil(SWEPT) {
            table.sweep(499);
        }
        assert_eq!(table.len(), 500);
        table.sweep_all(1_000);
        assert_eq!(table.len(), 0);
    }
}
