//! Functions that drive a call, poll by poll.

use std::{pin::Pin, task::Poll, time::Duration};

use tokio_test::task::{Spawn, spawn};
use tower::{Service as _, ServiceExt as _, util::BoxCloneSyncService};

use super::subject::{Answer, Check, Failure, Outer, Subject};
use crate::eventually;

/// The time limit for a wake, which only a lost wake exceeds.
pub(super) const WAKE: Duration = Duration::from_secs(2);

/// The future of a call, polled manually.
pub(super) type Call<R> = Spawn<Pin<Box<dyn Future<Output = Result<R, Failure>> + Send>>>;

/// Waits for readiness and calls the service, without a poll of the future.
pub(super) async fn begin<Q, R>(
    service: &mut BoxCloneSyncService<Q, R, Failure>,
    request: Q,
) -> Check<Call<R>> {
    ready(service).await?;
    Ok(spawn(service.call(request)))
}

pub(super) async fn ready<Q, R>(service: &mut BoxCloneSyncService<Q, R, Failure>) -> Check {
    let ready = service.ready().await;
    ready.map(|_| ()).map_err(Failure::describe)
}

/// Makes a call, from readiness to the response.
pub(super) async fn exchange(service: &mut Outer) -> Check<Answer> {
    begin(service, ()).await?.await.map_err(Failure::describe)
}

/// Polls `call` until it reaches the service, after all waits of the layer itself.
pub(super) async fn reach<R>(subject: &Subject, call: &mut Call<R>) -> Check {
    let mut is_done = false;
    let reached = eventually(WAKE, || {
        is_done = call.poll().is_ready();
        is_done || subject.counts().futures > 0
    });
    match (reached.await, is_done) {
        (true, false) => Ok(()),
        (_, true) => Err("the call completed while the service was still pending".to_owned()),
        (false, _) => Err("the call never reached the service".to_owned()),
    }
}

/// Polls `task` to completion, only after it was woken.
pub(super) async fn finish<F: Future>(task: &mut Spawn<F>) -> Check<F::Output> {
    let mut output = None;
    let done = eventually(WAKE, || {
        if task.is_woken()
            && let Poll::Ready(done) = task.poll()
        {
            output = Some(done);
        }
        output.is_some()
    });
    done.await.then_some(output).flatten().ok_or_else(|| "the caller was not woken".to_owned())
}
