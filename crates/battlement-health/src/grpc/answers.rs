use std::sync::Arc;

use tonic::{Code, Request, Response};

use super::{
    proto::{
        HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
        health_check_response::ServingStatus, health_server,
    },
    services::{Service, Services},
    watch::{Watch, WatchStream},
    watch_limit::WatchLimit,
};
use crate::Health;

/// The most services that List returns, by the protocol.
const LISTED: usize = 100;

/// The three methods of the protocol.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) health: Health,
    pub(super) services: Arc<Services>,
    pub(super) watches: Arc<WatchLimit>,
}

impl Answers {
    fn serving(&self, service: Service) -> ServingStatus {
        service.serving(self.health.status(service.probe), self.health.is_draining())
    }

    fn open(&self, service: String) -> Result<Watch, tonic::Status> {
        // Clients retry at once after a Watch with a message, and back off after a Watch without one.
        if self.health.is_draining() {
            return Err(tonic::Status::unavailable("the server is shutting down"));
        }
        let permit = self.watches.admit().ok_or_else(|| {
            tonic::Status::resource_exhausted("too many open Watches; retry later, or use Check")
        })?;
        Ok(Watch {
            service,
            summary: self.health.watch(),
            services: self.services.watch(),
            sent: None,
            _permit: permit,
        })
    }
}

#[tonic::async_trait]
impl health_server::Health for Answers {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, tonic::Status> {
        let name = request.get_ref().service.as_str();
        let service = self.services.read(|services| services.get(name).copied());
        let service =
            service.ok_or_else(|| tonic::Status::new(Code::NotFound, "unknown service"))?;
        Ok(Response::new(response(self.serving(service))))
    }

    async fn list(
        &self,
        _: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, tonic::Status> {
        let services = self.services.read(|services| match services.len() {
            0..=LISTED => Ok(services.clone()),
            len => Err(format!(
                "the server has {len} services, and List returns at most {LISTED}; use Check"
            )),
        });
        let services = services.map_err(tonic::Status::resource_exhausted)?.into_iter();
        let statuses =
            services.map(|(name, service)| (name.into(), response(self.serving(service))));
        Ok(Response::new(HealthListResponse { statuses: statuses.collect() }))
    }

    type WatchStream = WatchStream;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<WatchStream>, tonic::Status> {
        let watch = self.open(request.into_inner().service)?;
        Ok(Response::new(WatchStream::new(watch)))
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
