use http_body_util::BodyExt as _;
use tokio_test::task::spawn;

use super::{
    drive::{Call, WAKE, begin, exchange, finish, reach},
    subject::{Check, Failure, Make, OuterBody, Subject},
};
use crate::{
    eventually,
    probe::{Gate, Misuse, ProbeBody, Reply},
};

pub(super) async fn wakes_propagate(make: Make<'_>) -> Check {
    let subject = make();
    let (head, rest) = (Gate::new(), Gate::new());
    let script = ProbeBody::empty().wait(&rest).data("the rest");
    subject.probe.next(Reply::body(script).when(&head));

    let mut call = begin(&mut subject.service(), subject.request()).await?;
    reach(&subject, &mut call).await?;
    head.open();
    let response = finish(&mut call).await?.map_err(Failure::describe)?;

    let mut body = response.into_body();
    let mut frame = spawn(body.frame());
    if frame.poll().is_ready() {
        return Err("the body was ready before the service's body".to_owned());
    }
    rest.open();
    finish(&mut frame).await.map(|_| ())
}

pub(super) async fn on_demand(make: Make<'_>) -> Check {
    let subject = make();
    let script = ProbeBody::from("one").data("two");
    subject.probe.always(Reply::body(script.clone()));
    subject.probe.next(Reply::body(script).after_polls(3));
    let mut service = subject.service();

    let mut call = begin(&mut service, subject.request()).await?;
    future_on_demand(&subject, &mut call).await?;
    drop(call);

    body_on_demand(&subject, exchange(&subject, &mut service).await?.into_body()).await?;
    subject.without(Misuse::PollAfterCompletion)
}

async fn future_on_demand(subject: &Subject, call: &mut Call) -> Check {
    let polled = || subject.probe.counts().future_polls;
    let (mut caller_polls, mut extra_polls) = (0, 0);
    // Polls by a background task are visible before the next poll by the caller.
    let done = eventually(WAKE, || {
        extra_polls = extra_polls.max(polled().saturating_sub(caller_polls));
        caller_polls += 1;
        call.poll().is_ready()
    });
    if !done.await {
        return Err("the call did not complete".to_owned());
    }
    extra_polls = extra_polls.max(polled().saturating_sub(caller_polls));
    no_extra_polls("future", extra_polls)
}

async fn body_on_demand(subject: &Subject, mut body: OuterBody) -> Check {
    let mut caller_polls = 1;
    while body.frame().await.is_some() {
        caller_polls += 1;
    }
    let polled = subject.probe.counts().body_polls;
    no_extra_polls("body", polled.saturating_sub(caller_polls))
}

fn no_extra_polls(part: &str, extra: usize) -> Check {
    if extra > 0 {
        return Err(format!("the layer polled the service's {part} without a poll by the caller"));
    }
    Ok(())
}
