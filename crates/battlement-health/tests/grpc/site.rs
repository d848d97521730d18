use std::{collections::BTreeMap, time::Duration};

use battlement_health::{Health, grpc::HealthServer};
use battlement_testkit::server::Server;
use tokio::time::timeout;
use tonic::{
    Code, Status, Streaming,
    transport::{Channel, Endpoint, Server as Builder},
};

use crate::proto::{
    HealthCheckRequest, HealthCheckResponse, HealthListRequest,
    health_check_response::ServingStatus, health_client::HealthClient,
};

/// The longest time that a test waits for a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server of the protocol, with a connected client.
pub(crate) struct Site {
    pub(crate) health: Health,
    pub(crate) grpc: HealthServer,
    pub(crate) server: Server,
    pub(crate) client: Client,
}

impl Site {
    /// Serves the overall status of a registry without checks.
    pub(crate) async fn new() -> Self {
        let health = Health::new();
        let grpc = HealthServer::new(&health);
        Self::of(health, grpc).await
    }

    pub(crate) async fn of(health: Health, grpc: HealthServer) -> Self {
        let router = Builder::builder().add_service(grpc.clone());
        let server = Server::tonic(router).await.unwrap();
        let client = Client::connect(&server).await;
        Self { health, grpc, server, client }
    }
}

/// A client with a connection of its own; clones share it.
#[derive(Clone)]
pub(crate) struct Client(HealthClient<Channel>);

impl Client {
    pub(crate) async fn connect(server: &Server) -> Self {
        Self::of(Channel::from_shared(server.url("")).unwrap()).await
    }

    pub(crate) async fn of(endpoint: Endpoint) -> Self {
        Self(HealthClient::new(endpoint.connect().await.unwrap()))
    }

    pub(crate) async fn check(&self, service: &str) -> Result<ServingStatus, Code> {
        let checked = self.0.clone().check(asks_for(service)).await;
        checked.map(|response| response.get_ref().status()).map_err(|status| status.code())
    }

    pub(crate) async fn list(&self) -> Result<BTreeMap<String, ServingStatus>, Status> {
        let listed = self.0.clone().list(HealthListRequest {}).await?.into_inner().statuses;
        Ok(listed.into_iter().map(|(name, response)| (name, response.status())).collect())
    }

    pub(crate) async fn watch(&self, service: &str) -> Result<Watch, Status> {
        self.0.clone().watch(asks_for(service)).await.map(|opened| Watch(opened.into_inner()))
    }
}

fn asks_for(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// An open Watch.
pub(crate) struct Watch(Streaming<HealthCheckResponse>);

impl Watch {
    /// Returns the next status, or `None` if the stream ended with OK.
    pub(crate) async fn next(&mut self) -> Option<ServingStatus> {
        let message = timeout(PATIENCE, self.0.message()).await.expect("no message");
        message.unwrap().map(|response| response.status())
    }
}
