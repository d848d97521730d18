use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Ids, RequestFacts, RequestId, within};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tracing::Span;

/// The facts of a request, and its span.
#[derive(Debug)]
pub(crate) struct Scope {
    facts: Option<RequestFacts>,
    span: Span,
}

impl Scope {
    pub(crate) const fn new(facts: Option<RequestFacts>, span: Span) -> Self {
        Self { facts, span }
    }

    fn current() -> Self {
        Self::new(RequestFacts::current(), Span::current())
    }

    pub(crate) const fn facts(&self) -> Option<&RequestFacts> {
        self.facts.as_ref()
    }

    /// Runs `work` inside the span, with the facts as the current ones.
    pub(crate) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let _span = self.span.enter();
        within(&mut self.facts, work)
    }
}

pin_project! {
    /// A value that is polled and dropped in the scope of a request; without a scope, unchanged.
    #[derive(Debug)]
    pub(crate) struct Scoped<T> {
        // Emptied by `poll_out` and `drop`, so that the value is dropped inside the scope as well.
        #[pin]
        inner: Option<T>,
        scope: Option<Scope>,
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
    pub(crate) const fn new(scope: Option<Scope>, inner: T) -> Self {
        Self { inner: Some(inner), scope }
    }

    /// Runs `work` on the slot of the inner value, within the scope.
    fn within<R>(self: Pin<&mut Self>, work: impl FnOnce(Pin<&mut Option<T>>) -> R) -> R {
        let this = self.project();
        match this.scope {
            Some(scope) => scope.within(|| work(this.inner)),
            None => work(this.inner),
        }
    }

    /// Polls the inner value.
    pub(crate) fn poll_with<R>(
        self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut T>) -> Poll<R>,
    ) -> Poll<R> {
        self.within(|inner| inner.as_pin_mut().map_or(Poll::Pending, poll))
    }

    /// Polls the inner value, and drops it once it is ready.
    pub(crate) fn poll_out<R>(
        self: Pin<&mut Self>,
        poll: impl FnOnce(Pin<&mut T>) -> Poll<R>,
    ) -> Poll<R> {
        self.within(|mut inner| {
            let output = ready!(inner.as_mut().as_pin_mut().map_or(Poll::Pending, poll));
            inner.set(None);
            Poll::Ready(output)
        })
    }

    /// Takes the scope, for the value that follows.
    pub(crate) fn take_scope(self: Pin<&mut Self>) -> Option<Scope> {
        self.project().scope.take()
    }

    pub(crate) const fn get(&self) -> Option<&T> {
        self.inner.as_ref()
    }
}

/// Carries the id of the current request, and the current span, into a future that is polled elsewhere.
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
/// The future keeps the facts of the request alive for its lifetime, but not the request. Outside any request it
/// carries the absence of an id: the task that polls it does not lend it one. A task that continues with an upgraded
/// connection, such as a WebSocket, is a spawned task.
pub fn carry<F: Future>(future: F) -> Carry<F> {
    Carry { scoped: Scoped::new(Some(Scope::current()), future) }
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
    let mut scope = Scope::current();
    move || scope.within(work)
}

/// Runs a future under an id, as a job that no request began: a message from a queue, a nightly task.
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
    Carry { scoped: Scoped::new(Some(Scope::new(Some(facts), Span::current())), future) }
}

pin_project! {
    /// A future that runs under the id of a request, created by [`carry`] and [`scope`].
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
