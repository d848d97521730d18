use battlement_health::{Health, grpc::HealthServer};
use battlement_testkit::{client::Http2, server::Server};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use tonic::{server::NamedService as _, service::Routes};

use crate::{
    proto::health_check_response::ServingStatus::{NotServing, Serving},
    site::Client,
};

/// The bytes by which a probe asks for the whole server: an empty message.
const ASKED: [u8; 5] = [0; 5];
const SERVING: [u8; 7] = [0, 0, 0, 0, 2, 8, 1];

/// Sends a Check, as the kubelet and `grpc_health_probe` do, and returns the message and the status.
async fn check(server: &Server) -> (Bytes, String) {
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let request = Request::post("/grpc.health.v1.Health/Check")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(&ASKED)));
    let response = client.send(request.unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap();
    let status = body.trailers().unwrap()["grpc-status"].to_str().unwrap().to_owned();
    (body.to_bytes(), status)
}

#[tokio::test]
async fn a_check_has_the_bytes_of_the_protocol() {
    let health = Health::new();
    let router = tonic::transport::Server::builder().add_service(HealthServer::new(&health));
    let server = Server::tonic(router).await.unwrap();
    assert_eq!(check(&server).await, (Bytes::from_static(&SERVING), "0".to_owned()));
}

#[tokio::test]
async fn routes_inside_an_axum_router_serve_it() {
    let health = Health::new();
    let routes = Routes::new(HealthServer::new(&health)).into_axum_router();
    let app = routes.route("/", axum::routing::get(async || "hello"));
    serves(&Server::axum(app).await.unwrap(), &health).await;
}

#[tokio::test]
async fn a_route_of_axum_serves_it_without_tonics_router() {
    let health = Health::new();
    let path = format!("/{}/{{method}}", HealthServer::NAME);
    let app = axum::Router::new().route_service(&path, HealthServer::new(&health));
    serves(&Server::axum(app).await.unwrap(), &health).await;
}

async fn serves(server: &Server, health: &Health) {
    assert_eq!(check(server).await, (Bytes::from_static(&SERVING), "0".to_owned()));
    let client = Client::connect(server).await;
    let mut watch = client.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(Serving));
    health.drain();
    assert_eq!(watch.next().await, Some(NotServing));
    assert_eq!(watch.next().await, None);
}
