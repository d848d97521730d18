use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

pin_project! {
    /// A copy of a call: its future, then its result.
    pub(crate) struct Attempt<F, H> {
        #[pin]
        future: Option<F>,
        // The result, until the call takes it.
        held: Option<H>,
    }
}

impl<F, H> Attempt<F, H> {
    pub(crate) const fn new(future: F) -> Self {
        Self { future: Some(future), held: None }
    }

    pub(crate) const fn is_in_flight(&self) -> bool {
        self.future.is_some() || self.held.is_some()
    }

    /// Takes the result.
    pub(crate) fn take(self: Pin<&mut Self>) -> Option<H> {
        self.project().held.take()
    }

    /// Drops the copy.
    pub(crate) fn cut_off(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.future.set(None);
        *this.held = None;
    }
}

impl<F: Future, H> Attempt<F, H> {
    /// Waits for the result, which may still have to be judged. Pending after the result was taken.
    pub(crate) fn poll_result(
        self: Pin<&mut Self>,
        hold: impl FnOnce(F::Output) -> H,
        cx: &mut Context<'_>,
    ) -> Poll<&mut H> {
        let mut this = self.project();
        if let Some(future) = this.future.as_mut().as_pin_mut() {
            let result = std::task::ready!(future.poll(cx));
            *this.held = Some(hold(result));
            this.future.set(None);
        }
        this.held.as_mut().map_or(Poll::Pending, Poll::Ready)
    }
}
