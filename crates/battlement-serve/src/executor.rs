//! Tasks that drop their requests for the reason for which the server ends.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{DropReason, dropping};
use hyper::rt::Executor;
use pin_project_lite::pin_project;

use crate::drain::CutOff;

/// Spawns the streams of an HTTP/2 connection.
#[derive(Clone, Debug)]
pub(crate) struct StreamExecutor(pub(crate) CutOff);

impl<F> Executor<F> for StreamExecutor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        tokio::spawn(DropFor::new(future, self.0.clone()));
    }
}

pin_project! {
    #[project = DropForProjection]
    /// A future that is dropped with a [`DropReason`](battlement_core::DropReason).
    pub(crate) struct DropFor<F> {
        #[pin]
        future: Option<F>,
        cut_off: CutOff,
    }

    impl<F> PinnedDrop for DropFor<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().drop_future();
        }
    }
}

impl<F> DropFor<F> {
    pub(crate) const fn new(future: F, cut_off: CutOff) -> Self {
        Self { future: Some(future), cut_off }
    }
}

impl<F> DropForProjection<'_, F> {
    fn drop_future(&mut self) {
        match self.cut_off.reason() {
            // The reason of every drop that states none.
            DropReason::Cancelled => self.future.set(None),
            reason => dropping(reason, || self.future.set(None)),
        }
    }
}

impl<F: Future> Future for DropFor<F> {
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
