use std::{
    hash::{BuildHasher, Hash},
    sync::{OnceLock, atomic::Ordering::Relaxed},
};

#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicUsize;
use rustc_hash::FxBuildHasher;
#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicUsize;

/// A bounded, insert-only hash table that is read without a lock, by requests and by a scrape while requests insert
/// into it.
///
/// Open addressing over twice the maximum number of entries; each slot is filled once.
#[derive(Debug)]
pub(crate) struct Slots<T> {
    slots: Box<[OnceLock<Box<T>>]>,
    len: AtomicUsize,
    max: usize,
}

impl<T> Slots<T> {
    pub(crate) fn new(max: usize) -> Self {
        let capacity = (2 * max.max(1)).next_power_of_two();
        let slots = std::iter::repeat_with(OnceLock::new).take(capacity).collect();
        Self { slots, len: AtomicUsize::new(0), max }
    }

    /// Returns the entry for which `is` holds and its index, which never changes. Inserts the entry if it is missing;
    /// returns `None` if the table is full.
    #[inline(always)]
    pub(crate) fn get_or_insert(
        &self,
        key: impl Hash + Copy,
        is: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
    ) -> Option<(usize, &T)> {
        match self.find(key, &is) {
            Some(found) => Some(found),
            None => self.insert(key, is, make),
        }
    }

    /// Returns the entry for which `is` holds, and its index.
    #[inline(always)]
    pub(crate) fn find(&self, key: impl Hash, is: impl Fn(&T) -> bool) -> Option<(usize, &T)> {
        let mask = self.slots.len() - 1;
        let mut at = home(key) & mask;
        loop {
            let entry = self.slots[at].get()?;
            if is(entry) {
                return Some((at, entry));
            }
            at = (at + 1) & mask;
        }
    }

    /// Inserts an entry, unless another thread has inserted it since the search.
    #[cold]
    fn insert(
        &self,
        key: impl Hash,
        is: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
    ) -> Option<(usize, &T)> {
        let mask = self.slots.len() - 1;
        let mut at = home(key) & mask;
        loop {
            let entry = match self.slots[at].get() {
                Some(entry) => entry,
                None => self.fill(at, &make)?,
            };
            if is(entry) {
                return Some((at, entry));
            }
            at = (at + 1) & mask;
        }
    }

    /// Returns the entry at the index `at`.
    pub(crate) fn at(&self, at: usize) -> Option<&T> {
        self.slots.get(at)?.get().map(AsRef::as_ref)
    }

    /// Fills a slot that was empty at the search; an entry that another thread has inserted first stays.
    fn fill(&self, at: usize, make: impl Fn() -> T) -> Option<&T> {
        let room = |len| (len < self.max).then_some(len + 1);
        if self.len.fetch_update(Relaxed, Relaxed, room).is_err() {
            return self.at(at);
        }
        let mut made = false;
        let entry = self.slots[at].get_or_init(|| {
            made = true;
            Box::new(make())
        });
        if !made {
            self.len.fetch_sub(1, Relaxed);
        }
        Some(entry)
    }

    /// Returns all entries in arbitrary order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.get().map(AsRef::as_ref))
    }

    /// Returns the exclusive upper bound of all indexes.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low bits of a hash are a hash")]
fn home(key: impl Hash) -> usize {
    FxBuildHasher.hash_one(key) as usize
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::thread;

    use super::*;

    fn insert(slots: &Slots<u32>, key: u32) -> Option<&u32> {
        slots.get_or_insert(key, |entry| *entry == key, || key).map(|(_, entry)| entry)
    }

    #[test]
    fn an_entry_is_made_once_and_found_again() {
        let slots = Slots::new(100);
        for key in (0..100).chain(0..100) {
            assert_eq!(insert(&slots, key), Some(&key));
        }
        assert_eq!((slots.len(), slots.iter().count()), (100, 100));
    }

    #[test]
    fn beyond_the_cap_nothing_is_added_and_what_is_there_is_found() {
        let slots = Slots::new(3);
        assert!((0..3).all(|key| insert(&slots, key).is_some()));
        assert!((3..1000).all(|key| insert(&slots, key).is_none()));
        assert!((0..3).all(|key| insert(&slots, key).is_some()));
        assert_eq!(slots.iter().count(), 3);
    }

    #[test]
    fn threads_that_race_agree_and_keep_the_cap() {
        let slots = Slots::new(500);
        let found: Vec<Vec<bool>> = thread::scope(|scope| {
            let insert_all = || (0..600).map(|key| insert(&slots, key).is_some()).collect();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(insert_all)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!((slots.len(), slots.iter().count()), (500, 500));
        assert!(found.iter().all(|of_thread| of_thread.len() == 600));
    }
}

/// Model of every interleaving of two threads. Filling a slot is one step of std's `OnceLock`; the count of entries is
/// modelled.
#[cfg(all(test, battlement_loom))]
mod model {
    use std::sync::Arc;

    use loom::thread;

    use super::*;

    fn insert(slots: &Slots<u32>, key: u32) -> Option<u32> {
        slots.get_or_insert(key, |entry| *entry == key, || key).map(|(_, entry)| *entry)
    }

    /// Inserts keys from two threads in all interleavings, and checks the result.
    fn race(max: usize, one: &'static [u32], other: &'static [u32], check: fn(&Slots<u32>)) {
        loom::model(move || {
            let slots = Arc::new(Slots::new(max));
            let all = |slots: &Slots<u32>, keys: &[u32]| {
                for key in keys {
                    let found = insert(slots, *key);
                    assert!(found.is_none_or(|found| found == *key));
                }
            };
            let theirs = Arc::clone(&slots);
            let thread = thread::spawn(move || all(&theirs, other));
            all(&slots, one);
            thread.join().unwrap();
            assert_eq!(slots.len(), slots.iter().count());
            check(&slots);
        });
    }

    #[test]
    fn a_race_for_one_entry_makes_one() {
        race(2, &[7], &[7], |slots| assert_eq!((slots.len(), insert(slots, 7)), (1, Some(7))));
    }

    #[test]
    fn a_race_for_the_last_place_keeps_the_cap() {
        race(1, &[1], &[2], |slots| assert_eq!(slots.len(), 1));
        race(2, &[1, 2], &[3], |slots| assert_eq!(slots.len(), 2));
    }

    #[test]
    fn with_room_for_all_every_entry_is_inserted() {
        race(2, &[1, 2], &[2, 1], |slots| {
            assert_eq!((insert(slots, 1), insert(slots, 2), slots.len()), (Some(1), Some(2), 2));
        });
    }
}
