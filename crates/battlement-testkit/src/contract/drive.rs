//! How the rules move a call on, from poll to poll.

use std::{task::Poll, time::Duration};

use http::Request;
use http_body_util::BodyExt as _;
use tokio_test::task::{Spawn, spawn};
use tower::{Service, ServiceExt as _};

use super::subject::{Failure, Outer, OuterBody, OuterResponse, Subject, Told};
use crate::{eventually, probe::ProbeBody};

/// A wake that takes longer never comes.
pub(super) const WAKE: Duration = Duration::from_secs(2);

/// The future of a call, polled by hand.
pub(super) type Call = Spawn<<Outer as Service<Request<ProbeBody>>>::Future>;

/// Waits for readiness, and calls; the future has not been polled.
pub(super) async fn begin(service: &mut Outer, request: Request<ProbeBody>) -> Told<Call> {
    ready(service).await?;
    Ok(spawn(service.call(request)))
}

pub(super) async fn ready(service: &mut Outer) -> Told {
    let ready = service.ready().await;
    ready.map(|_| ()).map_err(Failure::told)
}

/// One plain call, from readiness to the head.
pub(super) async fn exchange(subject: &Subject, service: &mut Outer) -> Told<OuterResponse> {
    let call = begin(service, subject.request()).await?;
    call.await.map_err(Failure::told)
}

/// Polls `call` until it is pending in the service, past all waits of the layer's own.
pub(super) async fn reach(subject: &Subject, call: &mut Call) -> Told {
    let mut is_done = false;
    let reached = eventually(WAKE, || {
        is_done = call.poll().is_ready();
        is_done || subject.probe.counts().futures > 0
    });
    match (reached.await, is_done) {
        (true, false) => Ok(()),
        (_, true) => Err("it answered while the service was at work".to_owned()),
        (false, _) => Err("the call never reached the service".to_owned()),
    }
}

/// Polls `task` only when it was woken, until it is done.
pub(super) async fn finish<F: Future>(task: &mut Spawn<F>) -> Told<F::Output> {
    let mut output = None;
    let done = eventually(WAKE, || {
        if task.is_woken()
            && let Poll::Ready(done) = task.poll()
        {
            output = Some(done);
        }
        output.is_some()
    });
    done.await.then_some(output).flatten().ok_or_else(|| "nothing woke the caller".to_owned())
}

/// Reads `body` to its end.
pub(super) async fn read(body: &mut OuterBody) -> Told {
    while let Some(frame) = body.frame().await {
        frame.map_err(Failure::told)?;
    }
    Ok(())
}
