use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{DropReason, dropping};

use crate::{Conclude, Reason, report::panic_message};

/// The future of a server, until it has ended.
pub(crate) struct Server<S> {
    running: Option<Pin<Box<S>>>,
    reason: Reason,
}

impl<S> Server<S>
where
    S: Future,
    S::Output: Conclude,
{
    pub(crate) fn new(server: S) -> Self {
        Self { running: Some(Box::pin(server)), reason: Reason::ServerEnded }
    }

    /// Waits until the server has ended, which may have been before.
    pub(crate) async fn ended(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.running.is_none()
    }

    /// Returns how the server has ended.
    pub(crate) fn reason(&self) -> Reason {
        self.reason.clone()
    }

    /// Drops the server, if it has not ended.
    pub(crate) fn abort(&mut self) {
        let running = self.running.take();
        dropping(DropReason::Shutdown, || drop(running));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(running) = &mut self.running else { return Poll::Ready(()) };
        self.reason = match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            Ok(poll) => match ready!(poll).conclude() {
                Ok(()) => Reason::ServerEnded,
                Err(error) => Reason::ServerFailed(error),
            },
            Err(panic) => Reason::ServerPanicked(panic_message(&*panic)),
        };
        self.running = None;
        Poll::Ready(())
    }
}
