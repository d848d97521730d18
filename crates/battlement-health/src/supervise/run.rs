use std::{any::Any, fmt, future::poll_fn, task::Poll};

use battlement_core::{catch_panic, jittered};
use tokio::time::{Instant, sleep};

use super::{output::TaskOutput, policy::Restarts, task::Task};

/// The end of a run.
pub(super) enum Ending {
    Returned,
    Failed(String),
    /// With the message of the panic.
    Panicked(String),
}

/// Runs a task until it has ended for good.
pub(super) async fn supervised<F, Fut>(mut task: Task, mut restarts: Restarts, mut make: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output: TaskOutput>,
{
    loop {
        let start = Instant::now();
        let ending = run(&mut make).await;
        if task.is_draining() {
            return task.end_in_drain(&ending);
        }
        let Some(wait) = restarts.next(start.elapsed()) else {
            return task.end(&ending);
        };
        let wait = jittered(wait);
        task.waits(&ending, wait);
        tokio::select! {
            // The failure has been reported.
            () = task.draining() => return task.end_in_drain(&Ending::Returned),
            () = sleep(wait) => task.restarts(),
        }
    }
}

/// Runs the task once.
async fn run<F, Fut>(make: &mut F) -> Ending
where
    F: FnMut() -> Fut,
    Fut: Future<Output: TaskOutput>,
{
    let mut future = match catch_panic(make) {
        Ok(future) => Box::pin(future),
        Err(payload) => return Ending::panicked(&*payload),
    };
    let ended = poll_fn(|cx| match catch_panic(|| future.as_mut().poll(cx)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
        Err(payload) => Poll::Ready(Err(payload)),
    });
    let ending = match ended.await {
        Ok(output) => output.error().map_or(Ending::Returned, Ending::Failed),
        Err(payload) => Ending::panicked(&*payload),
    };
    match catch_panic(|| drop(future)) {
        Ok(()) => ending,
        Err(payload) => Ending::panicked(&*payload),
    }
}

impl Ending {
    fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::Panicked(text.unwrap_or("the panic has no message").to_owned())
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned => f.write_str("the task returned"),
            Self::Failed(error) => write!(f, "the task failed: {error}"),
            Self::Panicked(message) => write!(f, "the task panicked: {message}"),
        }
    }
}
