use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{Ids, RequestFacts, RequestId};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tracing::Span;

/// Carries the id and the deadline of the current request, and the current span, into a future that is polled
/// elsewhere.
///
/// For a spawned task, which otherwise starts without them:
///
/// ```
/// use battlement_request_id::{RequestId, carry};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// tokio::spawn(carry(async {
///     // The same id as in the handler that spawned it.
///     let id = RequestId::current();
/// }));
/// # }
/// ```
///
/// The future keeps the facts of the request alive for its lifetime, but not the request. Outside any request, the
/// future runs without an id, even if the task that polls it has one. A task that continues with an upgraded
/// connection, such as a WebSocket, is a spawned task.
pub fn carry<F: Future>(future: F) -> Carry<F> {
    Carry { carried: Some(battlement_core::carry(future)), span: Span::current() }
}

/// Carries the id of the current request, and the current span, into a closure that another thread calls.
///
/// ```
/// use battlement_request_id::{RequestId, carry_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// tokio::task::spawn_blocking(carry_fn(|| {
///     // The same id as in the handler.
///     let id = RequestId::current();
/// }));
/// # }
/// ```
pub fn carry_fn<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let (span, work) = (Span::current(), battlement_core::carry_fn(work));
    move || span.in_scope(work)
}

/// Runs a future under an id, for a job outside of any request: a message from a queue, a nightly task.
///
/// [`RequestId::current`] is `id` in the future, and its calls carry it. The current span stays unchanged.
///
/// ```
/// use battlement_request_id::{Generator, RequestId, scope};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let id = Generator::uuid_v7().make();
/// scope(id.clone(), async move { assert_eq!(RequestId::current(), Some(id)) }).await;
/// # }
/// ```
pub fn scope<F: Future>(id: RequestId, future: F) -> Carry<F> {
    let facts = RequestFacts::identified(Instant::now(), Ids::new(id));
    let carried = battlement_core::carry(future).with_facts(facts);
    Carry { carried: Some(carried), span: Span::current() }
}

pin_project! {
    /// A future that runs under the id of a request, created by [`carry`] and [`scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Carry<F> {
        // Emptied by `drop`, so that the future is dropped inside the span as well.
        #[pin]
        carried: Option<battlement_core::Carry<F>>,
        span: Span,
    }

    impl<F> PinnedDrop for Carry<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.span.in_scope(|| this.carried.set(None));
        }
    }
}

impl<F: Future> Future for Carry<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = |future: Pin<&mut battlement_core::Carry<F>>| future.poll(cx);
        this.span.in_scope(|| this.carried.as_pin_mut().map_or(Poll::Pending, poll))
    }
}
