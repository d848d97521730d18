use std::{fmt::Debug, sync::Arc};

use tower::{Service, ServiceExt as _};

use super::{
    drive::{begin, exchange},
    subject::{Answer, Check, Failure, Inspected, Make, Outer, Subject},
};
use crate::probe::{CallProbe, ProbeError};

/// A layer around a service of any request and response.
pub(super) struct ValueSubject {
    pub(super) base: Subject,
    /// Checks that the service has received exactly the request of one call.
    received: Box<dyn Fn() -> Check>,
    /// Checks that the response of a call is the service's.
    returned: Box<dyn Fn(&Answer) -> Check>,
}

/// Puts a layer around a new probe.
pub(super) type ValueTarget<L> = Box<dyn Fn(&Arc<L>, Inspected) -> ValueSubject>;

/// A type of requests or responses that can be compared and shown.
pub trait Value: PartialEq + Debug + Send + Sync + 'static {}

impl<T: PartialEq + Debug + Send + Sync + 'static> Value for T {}

impl ValueSubject {
    pub(super) fn new<Q: Value, R: Value + Clone>(
        probe: &CallProbe<Q, R>,
        request: impl Fn() -> Q + 'static,
        apply: impl Fn(CallProbe<Q, R>) -> Outer + 'static,
        layer: Inspected,
    ) -> Self {
        let (inner, log, expected) = (probe.clone(), probe.clone(), probe.response().clone());
        Self {
            base: Subject {
                probe: Box::new(probe.clone()),
                apply: Box::new(move || apply(inner.clone())),
                layer,
            },
            received: Box::new(move || only_request(&log.take_requests(), &request())),
            returned: Box::new(move |answer| same_response(answer, &expected)),
        }
    }
}

fn only_request<Q: Value>(received: &[Q], sent: &Q) -> Check {
    match received {
        [received] if received == sent => Ok(()),
        [received] => Err(format!("the request {sent:?} arrived as {received:?}")),
        _ => Err(format!("the service was called {} times", received.len())),
    }
}

fn same_response<R: Value>(answer: &Answer, expected: &R) -> Check {
    match answer.response.downcast_ref::<R>() {
        Some(actual) if actual == expected => Ok(()),
        actual => Err(format!("the response {expected:?} was returned as {actual:?}")),
    }
}

/// Erases the types of a service, whose requests `request` returns.
pub(super) fn erase<Q, R, S>(
    service: S,
    request: impl Fn() -> Q + Clone + Send + Sync + 'static,
    call_error: fn(S::Error) -> Option<ProbeError>,
) -> Outer
where
    Q: Value,
    R: Value,
    S: Service<Q, Response = R> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    Outer::new(
        service
            .map_request(move |()| request())
            .map_response(|response: R| Answer::new(format!("{response:?}"), response))
            .map_err(move |error| Failure::new(error, call_error)),
    )
}

pub(super) async fn request_passes(make: Make<'_, ValueSubject>) -> Check {
    let subject = make();
    exchange(&mut subject.base.service()).await?;
    (subject.received)()
}

pub(super) async fn response_passes(make: Make<'_, ValueSubject>) -> Check {
    let subject = make();
    let call = begin(&mut subject.base.service(), ()).await?;
    let answer = call.await.map_err(Failure::describe)?;
    (subject.returned)(&answer)
}
