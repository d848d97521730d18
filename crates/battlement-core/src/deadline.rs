use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

#[cfg(feature = "http")]
mod of_request;
#[cfg(not(feature = "http"))]
mod of_request {
    /// Returns `None`: without HTTP there is no request whose deadline could apply.
    pub(super) const fn current() -> Option<super::Deadline> {
        None
    }
}

thread_local! {
    /// The deadline of the innermost [`Deadline::within`] that runs on this thread.
    static OWN: Cell<Option<Deadline>> = const { Cell::new(None) };
    /// The earliest [`Deadline::limit`] inside of it.
    static LIMIT: Cell<Option<Deadline>> = const { Cell::new(None) };
}

/// The deadlines that apply to the code that runs on a thread, beside that of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Replaces the deadline of the request.
    own: Option<Deadline>,
    /// The latest time, whichever deadline applies.
    limit: Option<Deadline>,
}

impl Scope {
    /// Returns the scope of this thread.
    pub(crate) fn current() -> Self {
        Self { own: OWN.get(), limit: LIMIT.get() }
    }

    /// Runs `work` in this scope, and restores the outer one.
    #[cfg(feature = "http")]
    #[inline]
    pub(crate) fn run<R>(self, work: impl FnOnce() -> R) -> R {
        let _entered = EnteredDeadline {
            outer_limit: LIMIT.replace(self.limit),
            outer_own: Some(OWN.replace(self.own)),
        };
        work()
    }

    fn limited(self, deadline: Option<Deadline>) -> Option<Deadline> {
        match self.limit {
            Some(limit) => Some(deadline.map_or(limit, |deadline| deadline.min(limit))),
            None => deadline,
        }
    }
}

/// A guard within which a deadline is the current one or its limit, created by [`Deadline::enter_within`] and
/// [`Deadline::enter_limit`].
///
/// For layers that call a service: a request that is moved into the closure of [`Deadline::within`] or
/// [`Deadline::limit`] is copied. Drop guards where they were created, the last one first, or the deadline of one call
/// is left to the next call on the thread.
#[derive(Debug)]
#[must_use = "the deadline applies until the guard is dropped"]
pub struct EnteredDeadline {
    outer_limit: Option<Deadline>,
    /// `None` if it was not changed.
    outer_own: Option<Option<Deadline>>,
}

impl Drop for EnteredDeadline {
    #[inline(always)]
    fn drop(&mut self) {
        LIMIT.set(self.outer_limit);
        if let Some(own) = self.outer_own {
            OWN.set(own);
        }
    }
}

/// The time at which the work on a request must be done.
///
/// A value is a snapshot of the deadline. The deadline of a request may still move, because an inner layer can shorten
/// or lengthen it ([`RequestFacts::move_deadline`](crate::RequestFacts::move_deadline)). Code that waits for a
/// deadline therefore reads it again at each poll.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_core::Deadline;
/// use tokio::time::Instant;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let deadline = Deadline::after(Instant::now(), Duration::from_secs(30));
/// // A job that no request began runs its calls within a deadline of its own.
/// deadline.within(|| assert_eq!(Deadline::current(), Some(deadline)));
/// assert_eq!(Deadline::current(), None);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(Instant);

/// About 30 years: the limit of a deadline, because the clock's range depends on the platform.
const FARTHEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

impl Deadline {
    /// Creates a deadline at `instant`.
    #[must_use]
    pub const fn at(instant: Instant) -> Self {
        Self(instant)
    }

    /// Creates a deadline `time` after `start`; more than 30 years count as 30.
    #[must_use]
    pub fn after(start: Instant, time: Duration) -> Self {
        Self(start + time.min(FARTHEST))
    }

    /// Returns the point in time.
    #[must_use]
    pub const fn instant(self) -> Instant {
        self.0
    }

    /// Returns the time that is left, zero if the deadline has passed. Reads the clock.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.remaining_at(Instant::now())
    }

    /// Returns the time that is left at `now`, zero if the deadline has passed by then.
    #[must_use]
    pub fn remaining_at(self, now: Instant) -> Duration {
        self.0.saturating_duration_since(now)
    }

    /// Returns the deadline of the current work: of the innermost [`within`](Self::within) on this thread, else of the
    /// request whose future or body is being polled; or the [`limit`](Self::limit) on this thread, if that is earlier.
    #[must_use]
    pub fn current() -> Option<Self> {
        let scope = Scope::current();
        scope.limited(scope.own.or_else(of_request::current))
    }

    /// Runs `work` with this deadline as the current one, even if `work` panics. Calls nest.
    #[inline]
    pub fn within<R>(self, work: impl FnOnce() -> R) -> R {
        let _entered = self.enter_within();
        work()
    }

    /// Runs `work` with the current deadline limited to this one, even if `work` panics. Calls nest, and the earliest
    /// limit applies.
    ///
    /// For a layer that limits one attempt at a call: the deadline of the request stays what it is and may still move,
    /// but the attempt ends at this time at the latest.
    #[inline]
    pub fn limit<R>(self, work: impl FnOnce() -> R) -> R {
        let _entered = Self::enter_limit(Some(self));
        work()
    }

    /// Makes this deadline the current one until the guard is dropped, as [`within`](Self::within) does.
    #[inline(always)]
    pub fn enter_within(self) -> EnteredDeadline {
        EnteredDeadline {
            outer_limit: LIMIT.replace(None),
            outer_own: Some(OWN.replace(Some(self))),
        }
    }

    /// Limits the current deadline until the guard is dropped, as [`limit`](Self::limit) does; `None` limits nothing.
    #[inline(always)]
    pub fn enter_limit(limit: Option<Self>) -> EnteredDeadline {
        let outer_limit = LIMIT.get();
        LIMIT.set(match (outer_limit, limit) {
            (Some(outer), Some(limit)) => Some(outer.min(limit)),
            (outer, limit) => limit.or(outer),
        });
        EnteredDeadline { outer_limit, outer_own: None }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_time_left_ends_at_zero() {
        let start = Instant::now();
        let deadline = Deadline::after(start, SECOND);
        assert_eq!(deadline.remaining_at(start), SECOND);
        assert_eq!(deadline.remaining_at(start + SECOND), Duration::ZERO);
        assert_eq!(deadline.remaining_at(start + 2 * SECOND), Duration::ZERO);
        assert!(Deadline::after(start, Duration::MAX).remaining_at(start) > 1_000_000 * SECOND);
    }

    #[test]
    fn the_innermost_deadline_is_current_and_the_outer_one_is_restored() {
        let now = Instant::now();
        let [outer, inner] = [1, 2].map(|times| Deadline::after(now, times * SECOND));
        outer.within(|| {
            inner.within(|| assert_eq!(Deadline::current(), Some(inner)));
            assert!(catch_unwind(|| inner.within(|| panic!("in a call"))).is_err());
            assert_eq!(Deadline::current(), Some(outer));
        });
        assert_eq!(Deadline::current(), None);
    }

    #[test]
    fn no_limit_leaves_the_outer_one_and_a_guard_that_is_dropped_restores_it() {
        let now = Instant::now();
        let [one, two] = [1, 2].map(|times| Deadline::after(now, times * SECOND));
        let outer = Deadline::enter_limit(Some(two));
        let none = Deadline::enter_limit(None);
        assert_eq!(Deadline::current(), Some(two));
        let own = one.enter_within();
        assert_eq!(Deadline::current(), Some(one));
        drop(own);
        drop(none);
        assert_eq!(Deadline::current(), Some(two));
        drop(outer);
        assert_eq!(Deadline::current(), None);
    }

    #[test]
    fn a_panic_leaves_no_deadline_and_no_limit_behind() {
        let deadline = Deadline::after(Instant::now(), SECOND);
        let panics = || -> () { panic!("expected by the test") };
        assert!(catch_unwind(|| deadline.within(panics)).is_err());
        assert_eq!(Deadline::current(), None);
        assert!(catch_unwind(|| deadline.limit(panics)).is_err());
        assert_eq!((Deadline::current(), LIMIT.get()), (None, None));
    }

    #[test]
    fn the_earliest_limit_applies_and_a_deadline_within_it_is_free_of_it() {
        let now = Instant::now();
        let [one, two, three] = [1, 2, 3].map(|times| Deadline::after(now, times * SECOND));
        two.limit(|| {
            assert_eq!(Deadline::current(), Some(two));
            three.limit(|| assert_eq!(Deadline::current(), Some(two)));
            one.limit(|| assert_eq!(Deadline::current(), Some(one)));
            three.within(|| {
                assert_eq!(Deadline::current(), Some(three));
                two.limit(|| assert_eq!(Deadline::current(), Some(two)));
            });
        });
        one.within(|| two.limit(|| assert_eq!(Deadline::current(), Some(one))));
        assert_eq!(Deadline::current(), None);
    }
}
