use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// The maximum default; more shards cost memory without reducing contention.
const MAX: usize = 16;

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of this thread, whose low bits select its shard.
pub(crate) fn mine() -> usize {
    let mine = MINE.get();
    if mine == usize::MAX { first() } else { mine }
}

#[cold]
fn first() -> usize {
    let mine = NEXT.fetch_add(1, Relaxed);
    MINE.set(mine);
    mine
}

/// Returns the number of threads that run in parallel, rounded up to a power of two.
pub(crate) fn default_count() -> usize {
    thread::available_parallelism().map_or(1, Into::into).next_power_of_two().min(MAX)
}

/// Creates `count` shards; `count` is a power of two.
pub(crate) fn shards<T>(count: usize, make: impl FnMut() -> T) -> Box<[T]> {
    std::iter::repeat_with(make).take(count).collect()
}

/// Returns this thread's shard.
pub(crate) fn of<T>(shards: &[T]) -> &T {
    at(shards, mine())
}

/// Returns the shard of the thread with this number.
#[inline]
pub(crate) fn at<T>(shards: &[T], number: usize) -> &T {
    &shards[number & (shards.len() - 1)]
}
