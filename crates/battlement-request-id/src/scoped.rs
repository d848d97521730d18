use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Ids, RequestFacts, RequestId, enter};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tracing::Span;

pin_project! {
    /// Something that is polled, and dropped, with the facts of a request current and inside its span.
    #[derive(Debug)]
    pub(crate) struct Scoped<T> {
        // Emptied by `poll_out` and `drop`, so that what it drops is inside the scope as well.
        #[pin]
        inner: Option<T>,
        facts: Option<RequestFacts>,
        span: Span,
    }

    impl<T> PinnedDrop for Scoped<T> {
        fn drop(this: Pin<&mut Self>) {
            if this.inner.is_some() {
                this.within(|mut inner| inner.set(None));
            }
        }
    }
}

impl<T> Scoped<T> {
    /// A scope around what has been made already.
    pub(crate) const fn around(facts: Option<RequestFacts>, span: Span, inner: T) -> Self {
        Self { inner: Some(inner), facts, span }
    }

    /// Makes what is to be scoped inside the scope already.
    pub(crate) fn new(
        mut facts: Option<RequestFacts>,
        span: Span,
        make: impl FnOnce() -> T,
    ) -> Self {
        let inner = {
            let _span = span.enter();
            let _facts = enter(&mut facts);
            make()
        };
        Self { inner: Some(inner), facts, span }
    }

    /// Runs `work` on the slot of what is inside, within the scope.
    fn within<R>(self: Pin<&mut Self>, work: impl FnOnce(Pin<&mut Option<T>>) -> R) -> R {
        let this = self.project();
        let _span = this.span.enter();
        let _facts = enter(this.facts);
        work(this.inner)
    }

    /// Polls what is inside.
    pub(crate) fn poll_with<R>(
        self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut T>) -> Poll<R>,
    ) -> Poll<R> {
        self.within(|inner| inner.as_pin_mut().map_or(Poll::Pending, poll))
    }

    /// Polls what is inside for the last time it is ready: then drops it, and gives up the scope to what
    /// comes after it.
    pub(crate) fn poll_out<R>(
        mut self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut T>) -> Poll<R>,
    ) -> Poll<(R, Option<RequestFacts>, Span)> {
        let output = ready!(self.as_mut().within(|mut inner| {
            let output = ready!(inner.as_mut().as_pin_mut().map_or(Poll::Pending, poll));
            inner.set(None);
            Poll::Ready(output)
        }));
        let this = self.project();
        Poll::Ready((output, this.facts.take(), std::mem::replace(this.span, Span::none())))
    }

    pub(crate) const fn get(&self) -> Option<&T> {
        self.inner.as_ref()
    }
}

/// Carries the id of the current request, and the current span, into a future that something else will
/// poll.
///
/// For a spawned task, which otherwise starts with nothing:
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
/// It holds on to the facts of the request for as long as the future lives, not to the request.
pub fn carry<F: Future>(future: F) -> Carry<F> {
    Carry { scoped: Scoped::around(RequestFacts::current(), Span::current(), future) }
}

/// Runs a future under an id, as a job that no request began: a message from a queue, a nightly task.
///
/// [`RequestId::current`] is `id` in it, and the calls it makes carry it. The current span stays as it is.
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
    let ids = Ids { id, correlation: None, trace: None };
    let facts = RequestFacts::identified(Instant::now(), ids);
    Carry { scoped: Scoped::around(Some(facts), Span::current(), future) }
}

pin_project! {
    /// A future that runs under the id of a request. Made by [`carry`] and [`scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Carry<F> {
        #[pin]
        scoped: Scoped<F>,
    }
}

impl<F: Future> Future for Carry<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().scoped.poll_with(|future| future.poll(cx))
    }
}
