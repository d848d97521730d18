//! Functions that drive a call, poll by poll.

use std::{task::Poll, time::Duration};

use http::Request;
use http_body_util::BodyExt as _;
use tokio_test::task::{Spawn, spawn};
use tower::{Service, ServiceExt as _};

use super::subject::{Check, Failure, Outer, OuterBody, OuterResponse, Subject};
use crate::{eventually, probe::ProbeBody};

/// The time limit for a wake, which only a lost wake exceeds.
pub(super) const WAKE: Duration = Duration::from_secs(2);

/// The future of a call, polled manually.
pub(super) type Call = Spawn<<Outer as Service<Request<ProbeBody>>>::Future>;

/// Waits for readiness and calls the service, without a poll of the future.
pub(super) async fn begin(service: &mut Outer, request: Request<ProbeBody>) -> Check<Call> {
    ready(service).await?;
    Ok(spawn(service.call(request)))
}

pub(super) async fn ready(service: &mut Outer) -> Check {
    let ready = service.ready().await;
    ready.map(|_| ()).map_err(Failure::describe)
}

/// Makes a call, from readiness to the response head.
pub(super) async fn exchange(subject: &Subject, service: &mut Outer) -> Check<OuterResponse> {
    let call = begin(service, subject.request()).await?;
    call.await.map_err(Failure::describe)
}

/// Polls `call` until it reaches the service, after all waits of the layer itself.
pub(super) async fn reach(subject: &Subject, call: &mut Call) -> Check {
    let mut is_done = false;
    let reached = eventually(WAKE, || {
        is_done = call.poll().is_ready();
        is_done || subject.probe.counts().futures > 0
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

/// Reads `body` to its end.
pub(super) async fn read(body: &mut OuterBody) -> Check {
    while let Some(frame) = body.frame().await {
        frame.map_err(Failure::describe)?;
    }
    Ok(())
}
