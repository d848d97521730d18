use http_body_util::BodyExt as _;
use tokio_test::task::spawn;

use super::HttpSubject;
use crate::{
    contract::{
        drive::finish,
        polls::no_extra_polls,
        subject::{Check, Failure, Make},
    },
    probe::{Gate, ProbeBody},
};

pub(in crate::contract) async fn wakes_propagate(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let rest = Gate::new();
    let mut body = subject.body_of(ProbeBody::empty().wait(&rest).data("the rest")).await?;
    let mut frame = spawn(body.frame());
    if frame.poll().is_ready() {
        return Err("the body was ready before the service's body".to_owned());
    }
    rest.open();
    finish(&mut frame).await?.transpose().map(|_| ()).map_err(Failure::describe)
}

pub(in crate::contract) async fn on_demand(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let mut body = subject.body_of(ProbeBody::from("one").data("two")).await?;
    let mut caller_polls = 1;
    while body.frame().await.is_some() {
        caller_polls += 1;
    }
    let polled = subject.probe.counts().body_polls;
    no_extra_polls("body", polled.saturating_sub(caller_polls))
}
