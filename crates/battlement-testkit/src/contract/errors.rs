use http_body_util::BodyExt as _;
use tower::{Service as _, ServiceExt as _};

use super::{
    drive::{begin, exchange},
    subject::{Check, Failure, Make},
};
use crate::probe::{ProbeBody, ProbeError, Reply};

const ERROR: ProbeError = ProbeError::new("the expected error");

pub(super) async fn readiness_error(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.fail_readiness(ERROR);
    let mut service = subject.service();
    if let Err(failure) = service.ready().await {
        return failure.must_be(ERROR);
    }
    if !subject.waits_inside {
        return Err("the layer was ready although the service returned an error".to_owned());
    }
    must_fail(service.call(subject.request()).await)
}

pub(super) async fn call_error(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::error(ERROR));
    let call = begin(&mut subject.service(), subject.request()).await?;
    must_fail(call.await)
}

pub(super) async fn body_error(make: Make<'_>) -> Check {
    let subject = make();
    let script = ProbeBody::from("a frame before it").error(ERROR);
    subject.probe.next(Reply::body(script));
    let response = exchange(&subject, &mut subject.service()).await?;
    let mut body = response.into_body();
    match body.frame().await {
        Some(Ok(_)) => {}
        Some(Err(_)) => return Err("the frame before the error is missing".to_owned()),
        None => return Err("the body ended without the error".to_owned()),
    }
    match body.frame().await {
        Some(outcome) => must_fail(outcome),
        None => Err("the body ended without the error".to_owned()),
    }
}

fn must_fail<T>(outcome: Result<T, Failure>) -> Check {
    match outcome {
        Ok(_) => Err(format!("`{ERROR}` was not returned")),
        Err(failure) => failure.must_be(ERROR),
    }
}
