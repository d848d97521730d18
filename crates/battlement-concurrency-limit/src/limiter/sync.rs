//! The primitives of the limiter, which loom replaces in its models.

use std::sync::PoisonError;

#[cfg(battlement_loom)]
pub(super) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
#[cfg(not(battlement_loom))]
pub(super) use std::sync::{Mutex, MutexGuard, atomic::AtomicU64};

/// Locks a mutex whose critical sections do not panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
