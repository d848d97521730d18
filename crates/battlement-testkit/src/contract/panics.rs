use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tokio_test::task::{Spawn, spawn};
use tower::Service as _;

use super::{
    drive::{WAKE, ready},
    subject::{Check, Make},
};
use crate::{eventually, probe::Reply};

pub(super) async fn in_call(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::panic_in_call());
    let mut service = subject.service();
    ready(&mut service).await?;
    if let Ok(call) = catch(|| service.call(())) {
        run_to_panic(&mut spawn(call)).await?;
    }
    subject.at_rest()
}

pub(super) async fn in_future(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::panic_in_future());
    let mut service = subject.service();
    ready(&mut service).await?;
    let mut call = spawn(service.call(()));
    run_to_panic(&mut call).await?;
    drop(call);
    subject.at_rest()
}

/// Polls `task` until it completes or panics; a layer may convert the panic into a response.
pub(super) async fn run_to_panic<F: Future>(task: &mut Spawn<F>) -> Check {
    let ended = eventually(WAKE, || catch(|| task.poll().is_ready()).unwrap_or(true));
    if !ended.await {
        return Err("the call is still pending after the panic".to_owned());
    }
    Ok(())
}

/// Catches a panic of `work`. A value that has panicked is only dropped, never polled again.
fn catch<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}
