//! Servers of the health protocol, and tonic's own client for them.

use std::convert::Infallible;

use battlement_testkit::server::Server;
use http::{Request, Response};
use tonic::{
    Code, Status, Streaming,
    body::Body,
    server::NamedService,
    transport::{Channel, Server as Builder},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus,
    health_client::HealthClient,
};
use tower::Service;

pub(crate) const ORDERS: &str = "shop.v1.Orders";

/// A running server with a client that is connected to it.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) client: Client,
}

impl Site {
    pub(crate) async fn of<S>(health: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        let server = Server::tonic(Builder::builder().add_service(health)).await.unwrap();
        let client = Client::connect(server.url("")).await;
        Self { server, client }
    }
}

/// The client of tonic-health, on a connection of its own.
pub(crate) struct Client(HealthClient<Channel>);

impl Client {
    pub(crate) async fn connect(url: String) -> Self {
        Self(HealthClient::new(Channel::from_shared(url).unwrap().connect().await.unwrap()))
    }

    pub(crate) async fn check(&mut self, service: &str) -> Result<ServingStatus, Code> {
        let checked = self.0.check(asks_for(service)).await;
        checked.map(|response| response.get_ref().status()).map_err(|status| status.code())
    }

    pub(crate) async fn watch(&mut self, service: &str) -> Result<Watch, Status> {
        self.0.watch(asks_for(service)).await.map(|response| Watch(response.into_inner()))
    }
}

fn asks_for(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// An open Watch.
pub(crate) struct Watch(Streaming<HealthCheckResponse>);

impl Watch {
    /// Returns the next status, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<ServingStatus> {
        self.0.message().await.unwrap().map(|response| response.status())
    }
}
