use tower::{Service as _, ServiceExt as _};

use super::{
    drive::begin,
    subject::{Check, Failure, Make},
};
use crate::probe::{ProbeError, Reply};

const ERROR: ProbeError = ProbeError::new("the expected error");

pub(super) async fn readiness_error(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.state().fail_readiness(ERROR);
    let mut service = subject.service();
    if let Err(failure) = service.ready().await {
        return failure.must_be(ERROR);
    }
    if !subject.layer.waits_inside {
        return Err("the layer was ready although the service returned an error".to_owned());
    }
    must_fail(service.call(()).await, ERROR)
}

pub(super) async fn call_error(make: Make<'_>) -> Check {
    let subject = make();
    subject.probe.next(Reply::error(ERROR));
    let call = begin(&mut subject.service(), ()).await?;
    must_fail(call.await, ERROR)
}

pub(super) fn must_fail<T>(outcome: Result<T, Failure>, expected: ProbeError) -> Check {
    match outcome {
        Ok(_) => Err(format!("`{expected}` was not returned")),
        Err(failure) => failure.must_be(expected),
    }
}
