use std::cell::Cell;

use crate::scoped_value;

thread_local! {
    /// The reason of the innermost [`dropping`] that runs on this thread.
    static CURRENT: Cell<Option<DropReason>> = const { Cell::new(None) };
}

/// The reason why a call was dropped before it ended.
///
/// A caller that disconnected, an expired timeout and a shutdown look alike from inside: a future or a body is
/// dropped. The code that drops it states the reason, in either of two ways:
///
/// - [`dropping`] runs the drop itself. Every `Drop` in it reads the reason with [`DropReason::current`], including
///   those of outer layers when a server drops a whole connection: the reason is known before the first of them runs.
/// - [`RequestFacts::drop_for`](crate::RequestFacts::drop_for) stores the reason in the facts of a request, for layers
///   further out that are dropped later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum DropReason {
    /// The caller disconnected, or the reason is unknown.
    #[default]
    Cancelled = 0,
    /// A timeout or a deadline expired.
    Timeout = 1,
    /// The process is shutting down and stopped waiting.
    Shutdown = 2,
}

impl DropReason {
    /// Returns the reason of the [`dropping`] that runs on this thread, the innermost if they nest.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.get()
    }

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Runs `drop_it` with `reason` as the current [`DropReason`] of this thread.
///
/// The reason applies for the duration of the call, even if `drop_it` panics. Nothing is allocated.
///
/// # Example
///
/// ```
/// use battlement_core::{DropReason, dropping};
///
/// struct Call;
///
/// impl Drop for Call {
///     fn drop(&mut self) {
///         assert_eq!(DropReason::current(), Some(DropReason::Timeout));
///     }
/// }
///
/// let call = Call;
/// dropping(DropReason::Timeout, || drop(call));
/// assert_eq!(DropReason::current(), None);
/// ```
pub fn dropping<R>(reason: DropReason, drop_it: impl FnOnce() -> R) -> R {
    scoped_value::within(&CURRENT, Some(reason), drop_it)
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_innermost_drop_has_the_reason_and_the_outer_one_comes_back() {
        assert_eq!(DropReason::current(), None);
        dropping(DropReason::Shutdown, || {
            assert_eq!(DropReason::current(), Some(DropReason::Shutdown));
            dropping(DropReason::Cancelled, || {
                assert_eq!(DropReason::current(), Some(DropReason::Cancelled));
            });
            assert_eq!(DropReason::current(), Some(DropReason::Shutdown));
        });
        assert_eq!(DropReason::current(), None);
    }

    #[test]
    fn a_panic_in_a_drop_leaves_no_reason_behind() {
        let panics = || dropping(DropReason::Timeout, || panic!("in a drop"));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(DropReason::current(), None);
    }
}
