use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// More shards than this cost memory and help nobody.
const MAX: usize = 16;

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The number of this thread, of which the low bits choose its shard.
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

/// As many shards as threads run at once, as a power of two.
pub(crate) fn default_count() -> usize {
    thread::available_parallelism().map_or(1, Into::into).next_power_of_two().min(MAX)
}

/// What `count` shards are made of; at least one, a power of two.
pub(crate) fn shards<T>(count: usize, make: impl FnMut() -> T) -> Box<[T]> {
    std::iter::repeat_with(make).take(count).collect()
}

/// This thread's of `shards`.
pub(crate) fn of<T>(shards: &[T]) -> &T {
    at(shards, mine())
}

/// That of a thread of this number.
#[inline]
pub(crate) fn at<T>(shards: &[T], number: usize) -> &T {
    &shards[number & (shards.len() - 1)]
}
