use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tokio_test::task::{Spawn, spawn};
use tower::Service as _;

use super::{
    drive::{WAKE, exchange, read, ready},
    subject::{Make, Told},
};
use crate::{
    eventually,
    probe::{ProbeBody, Reply},
};

pub(super) async fn in_call(make: Make<'_>) -> Told {
    let subject = make();
    subject.probe.next(Reply::panic_in_call());
    let mut service = subject.service();
    ready(&mut service).await?;
    if let Ok(call) = caught(|| service.call(subject.request())) {
        run_to_panic(&mut spawn(call)).await?;
    }
    subject.at_rest()
}

pub(super) async fn in_future(make: Make<'_>) -> Told {
    let subject = make();
    subject.probe.next(Reply::panic_in_future());
    let mut service = subject.service();
    ready(&mut service).await?;
    let mut call = spawn(service.call(subject.request()));
    run_to_panic(&mut call).await?;
    drop(call);
    subject.at_rest()
}

pub(super) async fn in_body(make: Make<'_>) -> Told {
    let subject = make();
    let script = ProbeBody::from("a frame before it").panic();
    subject.probe.next(Reply::body(script));
    let response = exchange(&subject, &mut subject.service()).await?;
    let mut body = response.into_body();
    run_to_panic(&mut spawn(read(&mut body))).await?;
    drop(body);
    subject.at_rest()
}

/// Polls `task` until it is done or panics; a layer may well turn the panic into an answer.
async fn run_to_panic<F: Future>(task: &mut Spawn<F>) -> Told {
    let over = eventually(WAKE, || caught(|| task.poll().is_ready()).unwrap_or(true));
    if !over.await {
        return Err("the panic ended nothing".to_owned());
    }
    Ok(())
}

/// What is polled here is never polled again after it has panicked, only dropped.
fn caught<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}
