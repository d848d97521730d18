use tokio_test::task::spawn;
use tower::{Service as _, ServiceExt as _};

use super::{
    drive::{begin, exchange, finish, ready},
    subject::{Check, Failure, Make, Outer},
};
use crate::probe::{Gate, Misuse};

pub(super) async fn spent_once(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();
    let mut other = service.clone();

    exchange(&mut service).await?;

    for _ in 0..3 {
        ready(&mut service).await?;
    }
    drop(service.clone());
    exchange(&mut other).await?;
    service.call(()).await.map_err(Failure::describe)?;

    let first = begin(&mut service, ()).await?;
    let second = begin(&mut service, ()).await?;
    first.await.map_err(Failure::describe)?;
    second.await.map_err(Failure::describe)?;

    subject.without(Misuse::CallWithoutReadiness)?;
    match subject.counts().calls {
        5 => Ok(()),
        calls => Err(format!("5 calls of the layer caused {calls} calls of the service")),
    }
}

pub(super) async fn backpressure(make: Make<'_>) -> Check {
    let subject = make();
    let gate = Gate::new();
    subject.probe.state().ready_when(&gate);
    let mut service = subject.service();

    let mut readiness = spawn(service.ready());
    if readiness.poll().is_pending() {
        gate.open();
        let ready = finish(&mut readiness).await?;
        return ready.map(|_| ()).map_err(Failure::describe);
    }
    if !subject.layer.waits_inside {
        return Err("the layer was ready while the service was not".to_owned());
    }
    drop(readiness);
    waits_in_future(&gate, service).await
}

async fn waits_in_future(gate: &Gate, mut service: Outer) -> Check {
    let mut call = spawn(service.call(()));
    if call.poll().is_ready() {
        return Err("the call completed while the service was not ready".to_owned());
    }
    gate.open();
    let outcome = finish(&mut call).await?;
    outcome.map(|_| ()).map_err(Failure::describe)
}

pub(super) async fn reserves_nothing(make: Make<'_>) -> Check {
    let subject = make();
    let mut abandoned = vec![subject.service(); 8];
    for service in &mut abandoned {
        if spawn(service.ready()).poll().is_pending() {
            return Err("a service is not ready because others were polled ready".to_owned());
        }
    }
    subject.at_rest()?;
    exchange(&mut subject.service()).await.map(|_| ())
}

pub(super) async fn clone_starts_unready(make: Make<'_>) -> Check {
    let subject = make();
    let gate = Gate::new();
    gate.open();
    subject.probe.state().ready_when(&gate);
    let mut original = subject.service();
    ready(&mut original).await?;

    gate.close();
    let mut copy = original.clone();
    if spawn(copy.ready()).poll().is_pending() {
        return Ok(());
    }
    // This readiness is correct only for a layer that waits for the service in its future.
    let mut call = spawn(copy.call(()));
    let _ = call.poll();
    if subject.counts().calls > 0 {
        return Err("a clone of a ready instance called a service that was not ready".to_owned());
    }
    Ok(())
}
