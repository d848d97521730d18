use std::{any::type_name, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::probe::{Misuse, Probe, ProbeBody, ProbeError};

/// The layer's service with erased types, so that every rule is compiled once.
pub(super) type Outer = BoxCloneSyncService<Request<ProbeBody>, OuterResponse, Failure>;
pub(super) type OuterResponse = Response<OuterBody>;
pub(super) type OuterBody = UnsyncBoxBody<Bytes, Failure>;

/// The result of a check; the error describes the violation.
pub(super) type Check<T = ()> = Result<T, String>;

/// Creates a new layer and a new probe with each call.
pub(super) type Make<'a> = &'a dyn Fn() -> Subject;

/// An error that the layer returned.
#[derive(Debug)]
pub(super) enum Failure {
    /// The error of the probe.
    Probe(ProbeError),
    /// An error of another type, with the name of that type.
    Other(&'static str),
}

impl Failure {
    fn new<E>(error: E, extract: fn(E) -> Option<ProbeError>) -> Self {
        extract(error).map_or_else(|| Self::Other(type_name::<E>()), Self::Probe)
    }

    pub(super) fn must_be(self, expected: ProbeError) -> Check {
        match self {
            Self::Probe(error) if error == expected => Ok(()),
            Self::Probe(error) => Err(format!("`{error}` was returned instead of `{expected}`")),
            Self::Other(name) => Err(format!(
                "an error of type `{name}` was returned, which does not contain `{expected}`"
            )),
        }
    }

    pub(super) fn describe(self) -> String {
        match self {
            Self::Probe(error) => format!("the call failed with `{error}`"),
            Self::Other(name) => format!("the call failed with an error of type `{name}`"),
        }
    }
}

pub(super) fn erase<S, B>(
    service: S,
    call_error: fn(S::Error) -> Option<ProbeError>,
    body_error: fn(B::Error) -> Option<ProbeError>,
) -> Outer
where
    S: Service<Request<ProbeBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
{
    let erase_body =
        move |body: B| body.map_err(move |error| Failure::new(error, body_error)).boxed_unsync();
    BoxCloneSyncService::new(
        service
            .map_response(move |response: Response<B>| response.map(erase_body))
            .map_err(move |error| Failure::new(error, call_error)),
    )
}

/// Prepares a request so that the layer has work to do.
pub(super) type Prepare = Arc<dyn Fn(&mut Request<ProbeBody>)>;

/// A layer, a probe, and the settings of the suite.
pub(super) struct Subject {
    pub(super) probe: Probe,
    pub(super) apply: Box<dyn Fn(Probe) -> Outer>,
    pub(super) prepare: Prepare,
    pub(super) idle: Box<dyn Fn() -> bool>,
    pub(super) counts: Option<Box<dyn Fn() -> u64>>,
    pub(super) waits_inside: bool,
    pub(super) rejects: bool,
}

impl Subject {
    /// Applies the layer once more.
    pub(super) fn service(&self) -> Outer {
        (self.apply)(self.probe.clone())
    }

    pub(super) fn request(&self) -> Request<ProbeBody> {
        self.prepared(Request::new(ProbeBody::empty()))
    }

    pub(super) fn prepared(&self, mut request: Request<ProbeBody>) -> Request<ProbeBody> {
        (self.prepare)(&mut request);
        request
    }

    /// Checks that everything was released, according to the counts of the probe and of the layer.
    pub(super) fn at_rest(&self) -> Check {
        let counts = self.probe.counts();
        if counts.futures > 0 {
            return Err("the service's future was not dropped".to_owned());
        }
        if counts.in_flight > 0 {
            return Err("the service's body was not dropped".to_owned());
        }
        if !(self.idle)() {
            return Err("the layer is not idle, according to its own count".to_owned());
        }
        Ok(())
    }

    /// Checks that the probe has not recorded `misuse`.
    pub(super) fn without(&self, misuse: Misuse) -> Check {
        if self.probe.misuses().contains(&misuse) {
            return Err(format!("the layer misused the service: {misuse:?}"));
        }
        Ok(())
    }
}
