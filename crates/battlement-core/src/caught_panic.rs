use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use crate::scoped_value;

/// Set once a panic hook reads the mark. Without one, [`catch_panic`] does not touch the thread's mark.
static IS_READ: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Set while a battlement layer would catch a panic of this thread.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` and catches its panic. Panic hooks see with [`panic_is_caught`] that the panic is handled.
///
/// State that `work` touched may be inconsistent; the caller drops it.
///
/// # Errors
///
/// With the payload of the panic.
#[inline]
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    if IS_READ.load(Relaxed) {
        return catch_marked(work);
    }
    catch_unwind(AssertUnwindSafe(work))
}

fn catch_marked<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(|| scoped_value::within(&CATCHING, true, work)))
}

/// Returns whether a battlement layer catches the panic that a panic hook has received, and reports it with the id of
/// its request.
///
/// A hook that logs or counts panics leaves such a panic out. The answer is `false` unless [`mark_caught_panics`] was
/// called before the layer was, on a thread that is being destroyed, and under `panic = "abort"`.
///
/// # Example
///
/// ```
/// use battlement_core::{catch_panic, mark_caught_panics, panic_is_caught};
///
/// mark_caught_panics();
/// assert!(!panic_is_caught());
/// assert!(catch_panic(panic_is_caught).unwrap());
/// ```
#[must_use]
pub fn panic_is_caught() -> bool {
    !cfg!(panic = "abort") && CATCHING.try_with(Cell::get).unwrap_or(false)
}

/// Makes [`catch_panic`] mark the thread, for a panic hook that calls [`panic_is_caught`]. Called once, by the code
/// that installs the hook; a process without such a hook does not pay for the mark.
pub fn mark_caught_panics() {
    IS_READ.store(true, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_set_inside_and_only_there_even_after_a_panic() {
        mark_caught_panics();
        let inner = catch_panic(|| {
            catch_panic(|| panic!("caught")).unwrap_err();
            panic_is_caught()
        });
        assert!(inner.unwrap(), "the outer layer still catches");
        assert!(!panic_is_caught());
        let caught = catch_panic(|| panic!("a payload")).unwrap_err();
        assert_eq!(caught.downcast_ref(), Some(&"a payload"));
        assert!(!panic_is_caught());
    }
}
