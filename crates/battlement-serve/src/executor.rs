//! Tasks that drop their requests for the reason for which the server ends.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DropReason, dropping};
use hyper::rt::Executor;
use pin_project_lite::pin_project;

use crate::state::State;

/// Spawns the streams of an HTTP/2 connection.
#[derive(Clone, Debug)]
pub(crate) struct StreamExecutor(pub(crate) Arc<State>);

impl<F> Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        let state = Arc::clone(&self.0);
        tokio::spawn(DropFor::new(future, move || state.drop_reason()));
    }
}

pin_project! {
    #[project = DropForProjection]
    /// A future that is dropped with the [`DropReason`](battlement_core::DropReason) of that moment.
    pub(crate) struct DropFor<F, R>
    where
        R: Fn() -> DropReason,
    {
        #[pin]
        future: Option<F>,
        reason: R,
    }

    impl<F, R> PinnedDrop for DropFor<F, R>
    where
        R: Fn() -> DropReason,
    {
        fn drop(this: Pin<&mut Self>) {
            this.project().drop_future();
        }
    }
}

impl<F, R: Fn() -> DropReason> DropFor<F, R> {
    pub(crate) const fn new(future: F, reason: R) -> Self {
        Self { future: Some(future), reason }
    }
}

impl<F, R: Fn() -> DropReason> DropForProjection<'_, F, R> {
    fn drop_future(&mut self) {
        match (self.reason)() {
            // The default reason of a drop, which need not be set.
            DropReason::Cancelled => self.future.set(None),
            reason => dropping(reason, || self.future.set(None)),
        }
    }
}

impl<F: Future, R: Fn() -> DropReason> Future for DropFor<F, R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Ready(()) };
        if future.poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.drop_future();
        Poll::Ready(())
    }
}
