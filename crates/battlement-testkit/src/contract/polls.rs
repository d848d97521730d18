use http_body_util::BodyExt as _;
use tokio_test::task::spawn;

use super::{
    drive::{Call, WAKE, begin, exchange, finish, reach},
    subject::{Failure, Make, OuterBody, Subject, Told},
};
use crate::{
    eventually,
    probe::{Gate, Misuse, ProbeBody, Reply},
};

pub(super) async fn wakes_reach(make: Make<'_>) -> Told {
    let subject = make();
    let (head, rest) = (Gate::new(), Gate::new());
    let script = ProbeBody::empty().wait(&rest).data("the rest");
    subject.probe.next(Reply::body(script).when(&head));

    let mut call = begin(&mut subject.service(), subject.request()).await?;
    reach(&subject, &mut call).await?;
    head.open();
    let response = finish(&mut call).await?.map_err(Failure::told)?;

    let mut body = response.into_body();
    let mut frame = spawn(body.frame());
    if frame.poll().is_ready() {
        return Err("the body went on before the service's body did".to_owned());
    }
    rest.open();
    finish(&mut frame).await.map(|_| ())
}

pub(super) async fn as_asked(make: Make<'_>) -> Told {
    let subject = make();
    let script = ProbeBody::from("one").data("two");
    subject.probe.always(Reply::body(script.clone()));
    subject.probe.next(Reply::body(script).after_polls(3));
    let mut service = subject.service();

    let mut call = begin(&mut service, subject.request()).await?;
    future_as_asked(&subject, &mut call).await?;
    drop(call);

    body_as_asked(&subject, exchange(&subject, &mut service).await?.into_body()).await?;
    subject.without(Misuse::PollAfterCompletion)
}

async fn future_as_asked(subject: &Subject, call: &mut Call) -> Told {
    let polled = || subject.probe.counts().future_polls;
    let (mut asked, mut most) = (0, 0);
    // What a task polls in the background shows before the next poll of ours.
    let done = eventually(WAKE, || {
        most = most.max(polled().saturating_sub(asked));
        asked += 1;
        call.poll().is_ready()
    });
    if !done.await {
        return Err("the call was never done".to_owned());
    }
    most = most.max(polled().saturating_sub(asked));
    not_more("future", most)
}

async fn body_as_asked(subject: &Subject, mut body: OuterBody) -> Told {
    let mut asked = 1;
    while body.frame().await.is_some() {
        asked += 1;
    }
    let polled = subject.probe.counts().body_polls;
    not_more("body", polled.saturating_sub(asked))
}

fn not_more(what: &str, unasked: usize) -> Told {
    if unasked > 0 {
        return Err(format!("it polled the service's {what} when nobody polled its own"));
    }
    Ok(())
}
