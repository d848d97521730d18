use super::{
    drive::{Call, WAKE, begin, finish, reach},
    subject::{Answer, Check, Failure, Make, Subject},
};
use crate::{
    eventually,
    probe::{Gate, Misuse, Reply},
};

pub(super) async fn wakes_propagate(make: Make<'_>) -> Check {
    let subject = make();
    let gate = Gate::new();
    subject.probe.next(Reply::default().when(&gate));

    let mut call = begin(&mut subject.service(), ()).await?;
    reach(&subject, &mut call).await?;
    gate.open();
    finish(&mut call).await?.map(|_| ()).map_err(Failure::describe)
}

pub(super) async fn on_demand(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::default().after_polls(3));
    let mut call = begin(&mut subject.service(), ()).await?;
    future_on_demand(&subject, &mut call).await?;
    subject.without(Misuse::PollAfterCompletion)
}

async fn future_on_demand(subject: &Subject, call: &mut Call<Answer>) -> Check {
    let polled = || subject.counts().future_polls;
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

pub(super) fn no_extra_polls(part: &str, extra: usize) -> Check {
    if extra > 0 {
        return Err(format!("the layer polled the service's {part} without a poll by the caller"));
    }
    Ok(())
}
