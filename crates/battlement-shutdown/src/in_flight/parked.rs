use std::{num::NonZeroU32, task::Waker};

use super::sync::{Mutex, lock};

/// The tasks that are waiting for their service, to be woken when a phase ends their work.
///
/// A task registers only once it waits. The tasks are spread over several locks, so that threads seldom meet.
#[derive(Debug, Default)]
pub(crate) struct Parked([Shard; SHARDS]);

/// A power of two.
const SHARDS: usize = if cfg!(battlement_loom) { 1 } else { 16 };

// A shard has its cache lines for itself.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Slab>);

#[derive(Debug, Default)]
struct Slab {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// The place of a registered task: one more than its index times the number of shards, plus its shard. Requests are
/// moved, so it takes one word with its `Option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(NonZeroU32);

impl Place {
    fn new(shard: usize, index: usize) -> Self {
        let place = u32::try_from(index * SHARDS + shard + 1).ok().and_then(NonZeroU32::new);
        Self(place.expect("fewer than 2^28 tasks"))
    }

    const fn shard(self) -> usize {
        (self.0.get() - 1) as usize % SHARDS
    }

    const fn index(self) -> usize {
        (self.0.get() - 1) as usize / SHARDS
    }
}

impl Parked {
    /// Registers the task of `waker` at `place`, or at a new place.
    pub(crate) fn park(&self, place: &mut Option<Place>, waker: &Waker) {
        match *place {
            Some(place) => self.replace(place, waker),
            None => *place = Some(self.insert(waker)),
        }
    }

    /// Removes a task.
    pub(crate) fn remove(&self, place: Place) {
        let mut slab = lock(&self.0[place.shard()].0);
        let waker = slab.wakers.get_mut(place.index()).and_then(Option::take);
        slab.free.push(place.index());
        drop(slab);
        // Outside of the lock, since a waker is code of the runtime.
        drop(waker);
    }

    /// Wakes every registered task, which stays registered.
    pub(crate) fn wake(&self) {
        for shard in &self.0 {
            let wakers: Vec<Waker> = lock(&shard.0).wakers.iter().flatten().cloned().collect();
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    fn insert(&self, waker: &Waker) -> Place {
        // Tasks are allocated apart, so their addresses select different shards.
        let shard = (waker.data().addr() >> 7) % SHARDS;
        let waker = Some(waker.clone());
        let mut slab = lock(&self.0[shard].0);
        if let Some(index) = slab.free.pop() {
            slab.wakers[index] = waker;
            return Place::new(shard, index);
        }
        slab.wakers.push(waker);
        Place::new(shard, slab.wakers.len() - 1)
    }

    fn replace(&self, place: Place, waker: &Waker) {
        let mut slab = lock(&self.0[place.shard()].0);
        let Some(parked) = slab.wakers.get_mut(place.index()) else { return };
        if parked.as_ref().is_some_and(|parked| parked.will_wake(waker)) {
            return;
        }
        let earlier = parked.replace(waker.clone());
        drop(slab);
        drop(earlier);
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn task() -> (Arc<Task>, Waker) {
        let task = Arc::<Task>::default();
        (Arc::clone(&task), task.into())
    }

    #[test]
    fn a_registered_task_is_woken_until_it_is_removed_and_its_place_is_used_again() {
        let parked = Parked::default();
        let (task, waker) = task();
        let (mut one, mut other) = (None, None);
        parked.park(&mut one, &waker);
        parked.park(&mut other, &waker);
        assert_ne!(one, other);
        parked.wake();
        parked.wake();
        assert_eq!(task.0.load(SeqCst), 4);
        let freed = one.take();
        parked.remove(freed.unwrap());
        parked.wake();
        assert_eq!(task.0.load(SeqCst), 5);
        parked.park(&mut one, &waker);
        assert_eq!(one, freed);
        drop(waker);
        [one, other].into_iter().flatten().for_each(|place| parked.remove(place));
        assert_eq!(Arc::strong_count(&task), 1, "a waker was left behind");
    }

    #[test]
    fn a_place_has_its_shard_and_its_index() {
        for shard in 0..SHARDS {
            for index in [0, 1, 2, 1_000] {
                let place = Place::new(shard, index);
                assert_eq!((place.shard(), place.index()), (shard, index));
            }
        }
    }

    #[test]
    fn work_that_moves_to_another_task_wakes_that_task() {
        let parked = Parked::default();
        let ((first, of_first), (second, of_second)) = (task(), task());
        let mut place = None;
        for waker in [&of_first, &of_second, &of_second] {
            parked.park(&mut place, waker);
        }
        parked.wake();
        assert_eq!((first.0.load(SeqCst), second.0.load(SeqCst)), (0, 1));
    }
}
