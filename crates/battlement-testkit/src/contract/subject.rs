use std::{any::type_name, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::probe::{Misuse, Probe, ProbeBody, ProbeError};

/// The layer's service, its types erased so that every rule is compiled once.
pub(super) type Outer = BoxCloneSyncService<Request<ProbeBody>, OuterResponse, Failure>;
pub(super) type OuterResponse = Response<OuterBody>;
pub(super) type OuterBody = UnsyncBoxBody<Bytes, Failure>;

/// What came of a check: if it failed, what happened, in words.
pub(super) type Told<T = ()> = Result<T, String>;

/// Each call makes a new layer and a new probe.
pub(super) type Make<'a> = &'a dyn Fn() -> Subject;

/// An error that came out of the layer.
#[derive(Debug)]
pub(super) enum Failure {
    Kept(ProbeError),
    /// Holds the name of the type.
    Other(&'static str),
}

impl Failure {
    fn of<E>(error: E, kept: fn(E) -> Option<ProbeError>) -> Self {
        kept(error).map_or_else(|| Self::Other(type_name::<E>()), Self::Kept)
    }

    pub(super) fn must_be(self, expected: ProbeError) -> Told {
        match self {
            Self::Kept(error) if error == expected => Ok(()),
            Self::Kept(error) => Err(format!("`{expected}` came out as `{error}`")),
            Self::Other(name) => Err(format!("`{expected}` came out as a {name} without it")),
        }
    }

    pub(super) fn told(self) -> String {
        match self {
            Self::Kept(error) => format!("it failed with `{error}`"),
            Self::Other(name) => format!("it failed with a {name} of its own"),
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
        move |body: B| body.map_err(move |error| Failure::of(error, body_error)).boxed_unsync();
    BoxCloneSyncService::new(
        service
            .map_response(move |response: Response<B>| response.map(erase_body))
            .map_err(move |error| Failure::of(error, call_error)),
    )
}

/// Makes a request one that the layer has work with.
pub(super) type Prepare = Arc<dyn Fn(&mut Request<ProbeBody>)>;

/// One layer around one probe, and what the suite was told of it.
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

    /// Whether all that was taken was given back, by the probe's counts and the layer's own.
    pub(super) fn at_rest(&self) -> Told {
        let counts = self.probe.counts();
        if counts.futures > 0 {
            return Err("the service's future was not dropped".to_owned());
        }
        if counts.in_flight > 0 {
            return Err("the service's body was not dropped".to_owned());
        }
        if !(self.idle)() {
            return Err("the layer still holds something by its own count".to_owned());
        }
        Ok(())
    }

    /// Whether the probe never saw `fault`.
    pub(super) fn without(&self, fault: Misuse) -> Told {
        if self.probe.misuses().contains(&fault) {
            return Err(format!("the service saw a fault of its caller: {fault:?}"));
        }
        Ok(())
    }
}
