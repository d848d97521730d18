use std::{collections::HashMap, hash::BuildHasherDefault};

use crate::remote::identity_hasher::IdentityHasher;

/// A map by hashes, whose entries also have positions, by which one is evicted without a search.
#[derive(Debug)]
pub(super) struct Entries<V> {
    positions: HashMap<u128, usize, BuildHasherDefault<IdentityHasher>>,
    entries: Vec<(u128, V)>,
}

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self { positions: HashMap::default(), entries: Vec::new() }
    }
}

impl<V> Entries<V> {
    pub(super) fn get(&self, hash: u128) -> Option<&V> {
        let position = self.positions.get(&hash)?;
        self.entries.get(*position).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, hash: u128, value: V) {
        let position = *self.positions.entry(hash).or_insert(self.entries.len());
        match self.entries.get_mut(position) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((hash, value)),
        }
    }

    pub(super) fn remove(&mut self, hash: u128) {
        if let Some(position) = self.positions.get(&hash) {
            self.remove_at(*position);
        }
    }

    /// Removes the entry at a position, which the last entry takes.
    pub(super) fn remove_at(&mut self, position: usize) {
        let (removed, _) = self.entries.swap_remove(position);
        self.positions.remove(&removed);
        if let Some((moved, _)) = self.entries.get(position) {
            self.positions.insert(*moved, position);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u128, u8),
        Remove(u128),
        RemoveAt(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..8_u128, any::<u8>()).prop_map(|(hash, value)| Step::Insert(hash, value)),
            (0..8_u128).prop_map(Step::Remove),
            any::<prop::sample::Index>().prop_map(Step::RemoveAt),
        ]
    }

    proptest! {
        #[test]
        fn entries_are_those_of_a_map(steps in prop::collection::vec(step(), 0..60)) {
            let (mut entries, mut map) = (Entries::default(), HashMap::new());
            for step in steps {
                match step {
                    Step::Insert(hash, value) => {
                        entries.insert(hash, value);
                        map.insert(hash, value);
                    }
                    Step::Remove(hash) => {
                        entries.remove(hash);
                        map.remove(&hash);
                    }
                    Step::RemoveAt(position) if entries.len() > 0 => {
                        let position = position.index(entries.len());
                        map.remove(&entries.entries[position].0);
                        entries.remove_at(position);
                    }
                    Step::RemoveAt(_) => {}
                }
                prop_assert_eq!(entries.len(), map.len());
                prop_assert!((0..8).all(|hash| entries.get(hash) == map.get(&hash)));
            }
        }
    }
}
