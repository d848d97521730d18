use std::{cell::Cell, mem::ManuallyDrop};

use crate::RequestFacts;

thread_local! {
    // Empty outside of `within`, so nothing has to be dropped with the thread. `ManuallyDrop` tells the compiler,
    // which then omits the check on each access whether the thread is being destroyed.
    static CURRENT: Cell<ManuallyDrop<Option<RequestFacts>>> =
        const { Cell::new(ManuallyDrop::new(None)) };
}

/// Replaces the current facts with `facts`, and returns the previous ones.
fn replace(facts: Option<RequestFacts>) -> Option<RequestFacts> {
    CURRENT.with(|current| ManuallyDrop::into_inner(current.replace(ManuallyDrop::new(facts))))
}

pub(crate) fn get() -> Option<RequestFacts> {
    let facts = replace(None);
    replace(facts.clone());
    facts
}

/// Returns the result of `read` for the current facts. `read` must not run code of a user.
pub(crate) fn peek<R>(read: impl FnOnce(&RequestFacts) -> Option<R>) -> Option<R> {
    let facts = replace(None);
    let result = facts.as_ref().and_then(read);
    replace(facts);
    result
}

/// Runs `work` with the facts in `slot` as the current ones; if `slot` is empty, there are none.
///
/// Layers use it for the poll and for the drop of a future or body. The facts are moved to the thread and back, so no
/// reference count changes. Calls nest, and the previous facts are restored even if `work` panics. This is a closure
/// and not a guard, since guards that are dropped out of order would leave the facts of one request to the next on
/// this thread.
#[inline]
pub fn within<R>(slot: &mut Option<RequestFacts>, work: impl FnOnce() -> R) -> R {
    *slot = replace(slot.take());
    let _entered = EnteredFacts { slot: Some(slot) };
    work()
}

/// A guard within which the facts of a request are the current ones.
///
/// For layers that call a service: a request that is moved into the closure of [`within`] is copied. Drop guards where
/// they were created, the last one first, or the facts of one request are left to the next one on the thread.
#[derive(Debug)]
#[must_use = "the facts are current until the guard is dropped"]
pub struct EnteredFacts<'a> {
    // `None` if nothing was replaced.
    slot: Option<&'a mut Option<RequestFacts>>,
}

impl<'a> EnteredFacts<'a> {
    /// Makes the facts in `slot` the current ones until the guard is dropped; if `slot` is empty, nothing changes.
    #[inline(always)]
    pub fn enter(slot: &'a mut Option<RequestFacts>) -> Self {
        let Some(facts) = slot.take() else { return Self { slot: None } };
        *slot = replace(Some(facts));
        Self { slot: Some(slot) }
    }

    /// Drops the guard, and returns the facts that it made the current ones.
    #[inline(always)]
    #[must_use]
    pub fn leave(mut self) -> Option<RequestFacts> {
        let slot = self.slot.take()?;
        replace(slot.take())
    }
}

impl Drop for EnteredFacts<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            *slot = replace(slot.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use tokio::time::Instant;

    use crate::{Ids, RequestId};

    fn facts(id: &str) -> Option<RequestFacts> {
        Some(RequestFacts::identified(Instant::now(), Ids::new(id.parse().unwrap())))
    }

    fn current_id() -> Option<String> {
        RequestId::current().map(|id| id.to_string())
    }

    #[test]
    fn scopes_nest_and_each_restores_the_previous_facts() {
        let (mut outer, mut inner) = (facts("outer"), facts("inner"));
        within(&mut outer, || {
            within(&mut inner, || assert_eq!(current_id().as_deref(), Some("inner")));
            assert_eq!(current_id().as_deref(), Some("outer"));
            within(&mut None, || assert_eq!(current_id(), None));
            assert_eq!(current_id().as_deref(), Some("outer"));
        });
        assert_eq!(current_id(), None);
        assert!(outer.is_some() && inner.is_some());
    }

    #[test]
    fn a_guard_that_is_left_returns_its_facts_and_one_of_an_empty_slot_changes_nothing() {
        let (mut outer, mut inner, mut none) = (facts("outer"), facts("inner"), None);
        let entered = EnteredFacts::enter(&mut outer);
        let left = EnteredFacts::enter(&mut inner);
        assert_eq!(current_id().as_deref(), Some("inner"));
        assert_eq!(left.leave().unwrap().id().unwrap().as_str(), "inner");
        let empty = EnteredFacts::enter(&mut none);
        assert_eq!(current_id().as_deref(), Some("outer"));
        assert!(empty.leave().is_none());
        assert_eq!(current_id().as_deref(), Some("outer"));
        drop(entered);
        assert_eq!(current_id(), None);
        assert!(outer.is_some() && inner.is_none());
    }

    #[test]
    fn a_panic_leaves_no_facts_behind() {
        let mut slot = facts("panicking");
        let panics = AssertUnwindSafe(|| within(&mut slot, || panic!("in a handler")));
        assert!(catch_unwind(panics).is_err() && slot.is_some());
        assert_eq!(current_id(), None);
    }
}
