use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use battlement_core::{DropReason, Phase, dropping};
use pin_project_lite::pin_project;
use tokio::task::{AbortHandle, JoinHandle};

use crate::{Guard, in_flight::Place, shared::Shared};

/// Spawns `future` as a task that the drain waits for.
///
/// A task that has not ended at the end of the drain is cancelled. One that is spawned later, as by the drop of a call
/// that was cut off, runs until the process exits.
pub(crate) fn spawn<F>(shared: &Arc<Shared>, name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let work = Work {
        guard: Guard::named(shared.in_flight.clone(), name),
        is_late: shared.phases.now() >= Phase::CutOff,
        shared: Arc::clone(shared),
        place: None,
        task: Arc::default(),
    };
    let task = Arc::clone(&work.task);
    let spawned = tokio::spawn(Tracked { inner: Some(future), work });
    let _ = task.set(spawned.abort_handle());
    spawned
}

pin_project! {
    /// A future that is dropped at the end of the drain.
    struct Tracked<F> {
        // `None` once it was cut off. Dropped before the guard.
        #[pin]
        inner: Option<F>,
        work: Work,
    }
}

struct Work {
    /// Held until the task has ended.
    #[expect(dead_code, reason = "held for its drop")]
    guard: Guard,
    is_late: bool,
    shared: Arc<Shared>,
    place: Option<Place>,
    task: Arc<OnceLock<AbortHandle>>,
}

impl Work {
    fn is_cut_off(&self) -> bool {
        !self.is_late && self.shared.phases.now() >= Phase::CutOff
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.shared.in_flight.unpark(place);
        }
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let work = this.work;
        if let Some(inner) = this.inner.as_mut().as_pin_mut()
            && !work.is_cut_off()
        {
            if let Poll::Ready(output) = inner.poll(cx) {
                return Poll::Ready(output);
            }
            // Registered before the phase is read, so that a phase that begins in between wakes the task.
            work.shared.in_flight.park(&mut work.place, cx.waker());
            if !work.is_cut_off() {
                return Poll::Pending;
            }
        }
        dropping(DropReason::Shutdown, || this.inner.set(None));
        match work.task.get() {
            // The task ends as cancelled after this poll.
            Some(task) => task.abort(),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}
