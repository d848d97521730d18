use std::{
    pin::Pin,
    task::{Poll, ready},
};

use battlement_core::{RequestFacts, within};
use pin_project_lite::pin_project;
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
