use super::{
    drive::{begin, exchange, reach},
    subject::{Check, Make},
};
use crate::probe::{ProbeError, Reply};

pub(super) async fn unpolled(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();
    drop(begin(&mut service, ()).await?);
    subject.at_rest()?;

    let outlives_service = begin(&mut service, ()).await?;
    drop(service);
    drop(outlives_service);
    subject.at_rest()
}

pub(super) async fn in_flight(make: Make<'_>) -> Check {
    let subject = make();
    let mut service = subject.service();
    subject.probe.always(Reply::never());

    let mut polled_once = begin(&mut service, ()).await?;
    let _ = polled_once.poll();
    drop(polled_once);
    subject.at_rest()?;

    let mut call = begin(&mut service, ()).await?;
    reach(&subject, &mut call).await?;
    drop(call);
    subject.at_rest()
}

pub(super) async fn after_response(make: Make<'_>) -> Check {
    let subject = make();
    drop(exchange(&mut subject.service()).await?);
    subject.at_rest()
}

pub(super) async fn call_fails(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::error(ProbeError::new("rejected")));
    drop(exchange(&mut subject.service()).await);
    subject.at_rest()
}
