use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{RequestFacts, deadline::Scope, within};

/// Carries the facts of the current request, and the deadlines of [`Deadline::within`](crate::Deadline::within) and
/// [`Deadline::limit`](crate::Deadline::limit), into a future that is polled elsewhere.
///
/// For a spawned task, which otherwise starts without them:
///
/// ```
/// use battlement_core::{Deadline, RequestFacts, carry};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// tokio::spawn(carry(async {
///     // The facts and the deadline of the handler that spawned it.
///     let (facts, deadline) = (RequestFacts::current(), Deadline::current());
/// }));
/// # }
/// ```
///
/// The future keeps the facts of the request alive for its lifetime, but not the request. Outside any request, the
/// future runs without facts, even if the task that polls it has facts.
pub fn carry<F: Future>(future: F) -> Carry<F> {
    Carry { future: Some(future), facts: RequestFacts::current(), deadlines: Scope::current() }
}

/// Carries the facts of the current request into a closure that another thread calls, as with `spawn_blocking`.
pub fn carry_fn<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let (mut facts, deadlines) = (RequestFacts::current(), Scope::current());
    move || within(&mut facts, || deadlines.run(work))
}

pin_project! {
    /// A future that is polled and dropped with the facts of a request as the current ones, created by [`carry`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Carry<F> {
        // Emptied by `drop`, so that the future is dropped with the facts as well.
        #[pin]
        future: Option<F>,
        facts: Option<RequestFacts>,
        deadlines: Scope,
    }

    impl<F> PinnedDrop for Carry<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            within(this.facts, || this.deadlines.run(|| this.future.set(None)));
        }
    }
}

impl<F> Carry<F> {
    /// Sets the facts that the future runs with, in place of those of the request that created it.
    pub fn with_facts(mut self, facts: RequestFacts) -> Self {
        self.facts = Some(facts);
        self
    }
}

impl<F: Future> Future for Carry<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        within(this.facts, || {
            this.deadlines
                .run(|| this.future.as_pin_mut().map_or(Poll::Pending, |future| future.poll(cx)))
        })
    }
}
