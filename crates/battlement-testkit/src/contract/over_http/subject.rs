use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    contract::{
        drive::begin,
        subject::{Answer, Check, Failure, Inspected, Outer, Subject},
    },
    probe::{Probe, ProbeBody, ProbeError, Reply},
};

/// The layer's service with erased types, so that every rule of HTTP services is compiled once.
pub(in crate::contract) type HttpOuter =
    BoxCloneSyncService<Request<ProbeBody>, OuterResponse, Failure>;
pub(super) type OuterResponse = Response<OuterBody>;
pub(super) type OuterBody = UnsyncBoxBody<Bytes, Failure>;

/// Prepares a request so that the layer has work to do.
pub(in crate::contract) type Prepare = Arc<dyn Fn(&mut Request<ProbeBody>) + Send + Sync>;

/// A layer around an HTTP service.
pub(in crate::contract) struct HttpSubject {
    pub(in crate::contract) base: Subject,
    pub(super) probe: Probe,
    pub(super) rejects: bool,
    apply: Arc<dyn Fn() -> HttpOuter>,
    prepare: Prepare,
}

impl HttpSubject {
    pub(in crate::contract) fn new(
        probe: Probe,
        apply: impl Fn(Probe) -> HttpOuter + 'static,
        (prepare, rejects): (Prepare, bool),
        layer: Inspected,
    ) -> Self {
        let inner = probe.clone();
        let apply: Arc<dyn Fn() -> HttpOuter> = Arc::new(move || apply(inner.clone()));
        let (applied, prepared) = (apply.clone(), prepare.clone());
        let base = Subject {
            probe: Box::new(probe.clone()),
            apply: Box::new(move || without_request(applied(), prepared.clone())),
            layer,
        };
        Self { base, probe, rejects, apply, prepare }
    }

    /// Applies the layer once more.
    pub(super) fn service(&self) -> HttpOuter {
        (self.apply)()
    }

    pub(super) fn request(&self) -> Request<ProbeBody> {
        self.prepared(Request::new(ProbeBody::empty()))
    }

    pub(super) fn prepared(&self, mut request: Request<ProbeBody>) -> Request<ProbeBody> {
        (self.prepare)(&mut request);
        request
    }

    /// Makes a call, from readiness to the response head.
    pub(super) async fn exchange(&self, service: &mut HttpOuter) -> Check<OuterResponse> {
        begin(service, self.request()).await?.await.map_err(Failure::describe)
    }

    /// Makes a call of a new service, and returns the response to a reply with `body`.
    pub(super) async fn body_of(&self, body: ProbeBody) -> Check<OuterBody> {
        self.probe.next(Reply::body(body));
        Ok(self.exchange(&mut self.service()).await?.into_body())
    }
}

/// Sends the same empty request with every call.
fn without_request(service: HttpOuter, prepare: Prepare) -> Outer {
    let request = move |()| {
        let mut request = Request::new(ProbeBody::empty());
        prepare(&mut request);
        request
    };
    Outer::new(
        service
            .map_request(request)
            .map_response(|response: OuterResponse| Answer::new(summary(&response), response)),
    )
}

/// Returns the comparable part of a response. It excludes header values, because ids and dates differ.
fn summary(response: &OuterResponse) -> String {
    let mut names: Vec<_> = response.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    format!("{} {}", response.status(), names.join(" "))
}

pub(in crate::contract) fn erase<S, B>(
    service: S,
    call_error: fn(S::Error) -> Option<ProbeError>,
    body_error: fn(B::Error) -> Option<ProbeError>,
) -> HttpOuter
where
    S: Service<Request<ProbeBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
{
    let erase_body =
        move |body: B| body.map_err(move |error| Failure::new(error, body_error)).boxed_unsync();
    HttpOuter::new(
        service
            .map_response(move |response: Response<B>| response.map(erase_body))
            .map_err(move |error| Failure::new(error, call_error)),
    )
}
