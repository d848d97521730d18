use std::{
    cell::Cell,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::RequestFacts;

thread_local! {
    static CURRENT: Cell<Option<RequestFacts>> = const { Cell::new(None) };
}

/// The facts stand where they stood in `slot` before, and the other way round. When the thread is going
/// away there is no such place any more, and nothing happens.
fn swap(slot: &mut Option<RequestFacts>) {
    let _ = CURRENT.try_with(|current| *slot = current.replace(slot.take()));
}

pub(crate) fn get() -> Option<RequestFacts> {
    CURRENT
        .try_with(|current| {
            let facts = current.take();
            current.set(facts.clone());
            facts
        })
        .ok()?
}

/// Makes the facts in `slot` the current ones until the guard is dropped.
///
/// For the poll of a future or body, and for its drop: never across an await, which is why the guard is
/// not `Send`. The facts move and no count is touched; guards nest, and a panic restores what was there.
#[must_use = "the facts are current only as long as the guard lives"]
pub fn enter(slot: &mut Option<RequestFacts>) -> Entered<'_> {
    swap(slot);
    Entered {
        slot,
        not_send: PhantomData,
    }
}

/// Facts that are current until this is dropped. Made by [`enter`].
#[derive(Debug)]
pub struct Entered<'a> {
    slot: &'a mut Option<RequestFacts>,
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.slot);
    }
}

/// Carries the current facts into a future that something else will poll, as a spawned task.
///
/// # Example
///
/// ```
/// use battlement_core::{RequestId, carry};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // Inside a handler: the task logs and calls under the id of the request that began it.
/// tokio::spawn(carry(async {
///     let id = RequestId::current();
/// }));
/// # }
/// ```
pub fn carry<F: Future>(future: F) -> Carry<F> {
    Carry {
        future: Some(future),
        facts: get(),
    }
}

pin_project! {
    /// A future for which the facts of the request that made it are current. Made by [`carry`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Carry<F> {
        // Emptied in `drop` alone, so that what the future drops has the facts as well.
        #[pin]
        future: Option<F>,
        facts: Option<RequestFacts>,
    }

    impl<F> PinnedDrop for Carry<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = enter(this.facts);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Carry<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(this.facts);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(cx),
            None => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::RequestId;

    fn facts(id: &str) -> Option<RequestFacts> {
        let facts = RequestFacts::start_now();
        facts.id_or_set(|| id.parse().unwrap());
        Some(facts)
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

    #[tokio::test]
    async fn a_spawned_task_that_carries_has_the_id_and_so_has_what_it_drops() {
        struct TellOnDrop(Option<tokio::sync::oneshot::Sender<Option<String>>>);
        impl Drop for TellOnDrop {
            fn drop(&mut self) {
                let _ = self.0.take().unwrap().send(current_id());
            }
        }
        let (tell, told) = tokio::sync::oneshot::channel();
        let on_drop = TellOnDrop(Some(tell));
        let carried = {
            let mut slot = facts("carried");
            let _entered = enter(&mut slot);
            carry(async move {
                let _on_drop = on_drop;
                tokio::task::yield_now().await;
                current_id()
            })
        };
        assert_eq!(
            tokio::spawn(carried).await.unwrap().as_deref(),
            Some("carried")
        );
        assert_eq!(told.await.unwrap().as_deref(), Some("carried"));
        assert_eq!(current_id(), None);
    }

    #[test]
    fn a_carried_future_that_is_never_polled_drops_inside_its_scope() {
        struct Check;
        impl Drop for Check {
            fn drop(&mut self) {
                assert_eq!(current_id().as_deref(), Some("unpolled"));
            }
        }
        let mut slot = facts("unpolled");
        let entered = enter(&mut slot);
        let check = Check;
        let future = carry(async move { drop(check) });
        drop(entered);
        drop(future);
    }
}
