use std::{cell::Cell, thread::LocalKey};

/// Runs `work` with `value` in a cell of this thread, and restores the outer value, even if `work` panics.
#[inline]
pub(crate) fn within<T: Copy + 'static, R>(
    cell: &'static LocalKey<Cell<T>>,
    value: T,
    work: impl FnOnce() -> R,
) -> R {
    let _restore = Restore { cell, outer: cell.replace(value) };
    work()
}

/// A guard that restores the outer value.
struct Restore<T: Copy + 'static> {
    cell: &'static LocalKey<Cell<T>>,
    outer: T,
}

impl<T: Copy + 'static> Drop for Restore<T> {
    fn drop(&mut self) {
        self.cell.set(self.outer);
    }
}
