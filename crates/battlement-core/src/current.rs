use std::{cell::Cell, marker::PhantomData, mem::ManuallyDrop};

use crate::RequestFacts;

thread_local! {
    // Empty whenever no guard lives, so that there is nothing to drop with the thread; to say so spares
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

/// Makes the facts in `slot` the current ones until the guard is dropped. An empty slot changes nothing.
///
/// For the poll of a future or body, and for its drop: never across an await, which is why the guard is
/// not `Send`. The facts move and no count is touched; guards nest, and a panic restores what was there.
#[must_use = "the facts are current only as long as the guard lives"]
pub fn enter(slot: &mut Option<RequestFacts>) -> Entered<'_> {
    if slot.is_none() {
        return Entered { slot: None, not_send: PhantomData };
    }
    *slot = replace(slot.take());
    Entered { slot: Some(slot), not_send: PhantomData }
}

/// Facts that are current until this is dropped. Made by [`enter`].
#[derive(Debug)]
pub struct Entered<'a> {
    slot: Option<&'a mut Option<RequestFacts>>,
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
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
        let ids = Ids { id: id.parse().unwrap(), correlation: None, trace: None };
        Some(RequestFacts::identified(Instant::now(), ids))
    }

    fn current_id() -> Option<String> {
        RequestId::current().map(|id| id.to_string())
    }

    #[test]
    fn scopes_nest_and_each_gives_back_what_was_there() {
        let (mut outer, mut inner) = (facts("outer"), facts("inner"));
        {
            let _outer = enter(&mut outer);
            {
                let _inner = enter(&mut inner);
                assert_eq!(current_id().as_deref(), Some("inner"));
            }
            assert_eq!(current_id().as_deref(), Some("outer"));
        }
        assert_eq!(current_id(), None);
        assert!(outer.is_some() && inner.is_some());
    }

    #[test]
    fn a_panic_leaves_no_facts_behind() {
        let mut slot = facts("panicking");
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _entered = enter(&mut slot);
            panic!("in a handler");
        }));
        assert!(caught.is_err() && slot.is_some());
        assert_eq!(current_id(), None);
    }
}
