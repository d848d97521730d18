use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower_service::Service;

use super::{Paths, layer::ResponseBody};
use crate::{Details, Health, Probe, Status};

/// A service that answers probes on every path, for an admin listener.
#[derive(Clone, Debug)]
pub struct HealthService {
    health: Health,
    paths: Paths,
    details: Details,
}

impl Health {
    /// Returns a service that answers probes.
    #[must_use]
    pub fn service(&self) -> HealthService {
        let details = self.default_details();
        HealthService { health: self.clone(), paths: Paths::default(), details }
    }
}

impl HealthService {
    /// Sets the parts of a result that answers show. Default: that of the registry.
    #[must_use]
    pub const fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    pub(super) fn answer(&self, path: &str) -> Response<ResponseBody> {
        let Paths { live, ready, startup } = self.paths;
        let probes = [(live, Probe::Live), (ready, Probe::Ready), (startup, Probe::Startup)];
        let status =
            probes.iter().find(|(own, _)| *own == path).map(|(_, p)| self.health.status(*p));
        let (code, body) = match status {
            None => (StatusCode::NOT_FOUND, ""),
            Some(Status::Fail) => (StatusCode::SERVICE_UNAVAILABLE, "failed\n"),
            Some(_) => (StatusCode::OK, "ok"),
        };
        let mut response = Response::new(ResponseBody::of(Bytes::from_static(body.as_bytes())));
        *response.status_mut() = code;
        response
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.uri().path())))
    }
}
