use std::{cell::Cell, mem::ManuallyDrop};

use crate::RequestFacts;

thread_local! {
    // Empty outside of `within`, so that there is nothing to drop with the thread; to say so spares
    // each access the look whether the thread is going away.
    static CURRENT: Cell<ManuallyDrop<Option<RequestFacts>>> =
        const { Cell::new(ManuallyDrop::new(None)) };
}

/// Puts `facts` in the place of those that are current, which it returns.
fn replace(facts: Option<RequestFacts>) -> Option<RequestFacts> {
    CURRENT.with(|current| ManuallyDrop::into_inner(current.replace(ManuallyDrop::new(facts))))
}

pub(crate) fn get() -> Option<RequestFacts> {
    let facts = replace(None);
    replace(facts.clone());
    facts
}

/// Returns what `read` makes of the current facts; `read` runs no code of a user.
pub(crate) fn peek<R>(read: impl FnOnce(&RequestFacts) -> Option<R>) -> Option<R> {
    let facts = replace(None);
    let result = facts.as_ref().and_then(read);
    replace(facts);
    result
}

/// Runs `work` with the facts in `slot` as the current ones, none if it is empty.
///
/// For the poll of a future or body, and for its drop. The facts move there and back and no count is
/// touched; calls nest, and a panic restores what was there. A closure and no guard: guards dropped out of
/// order would leave the facts of one request to the next on this thread.
pub fn within<R>(slot: &mut Option<RequestFacts>, work: impl FnOnce() -> R) -> R {
    *slot = replace(slot.take());
    let _entered = Entered { slot };
    work()
}

struct Entered<'a> {
    slot: &'a mut Option<RequestFacts>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        *self.slot = replace(self.slot.take());
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
    fn a_panic_leaves_no_facts_behind() {
        let mut slot = facts("panicking");
        let panics = AssertUnwindSafe(|| within(&mut slot, || panic!("in a handler")));
        assert!(catch_unwind(panics).is_err() && slot.is_some());
        assert_eq!(current_id(), None);
    }
}
