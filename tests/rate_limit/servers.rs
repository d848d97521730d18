//! The same layer under every server.

use axum::{Router, routing::get};
use battlement::{
    client_ip::ClientIpLayer,
    rate_limit::{Headers, Key, Policy, RateLimitLayer},
};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    echo::{EchoClient, EchoServer, Words},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tonic::{Code, transport::Endpoint};
use tower::{BoxError, Layer, ServiceBuilder, service_fn};

/// Returns a limit of two requests in a quarter of an hour, so that no quota returns during a test.
fn two() -> RateLimitLayer {
    let quarter = std::time::Duration::from_secs(15 * 60);
    RateLimitLayer::new(Policy::new("orders", 2, quarter), Key::client_ip())
}

async fn hyper_with(layer: RateLimitLayer, protocol: Protocol) -> Server {
    let service = service_fn(async |_: Request<Incoming>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("ordered")))
    });
    let layers = ServiceBuilder::new().layer(ClientIpLayer::new()).layer(layer);
    Server::hyper(protocol, move |_| layers.clone().service(service)).await.unwrap()
}

async fn axum_with(layer: RateLimitLayer) -> Server {
    let layers = ServiceBuilder::new().layer(ClientIpLayer::new()).layer(layer);
    let router = Router::new()
        .route("/", get(async || "ordered"))
        .route("/other", get(async || "other"))
        .layer(layers);
    Server::axum(router).await.unwrap()
}

fn check(answers: &[Collected]) {
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [200, 200, 429]);
    for (answer, left) in answers.iter().zip([1, 0, 0]) {
        assert_eq!(answer.header("ratelimit-policy"), Some("\"orders\";q=2;w=900"));
        is_limit(answer.header("ratelimit").unwrap(), left);
    }
    let [first, _, denied] = answers else { panic!("three answers") };
    assert!(!first.headers.contains_key("retry-after"));
    let limit = denied.header("ratelimit").unwrap();
    assert_eq!(denied.header("retry-after"), limit.strip_prefix("\"orders\";r=0;t="));
    assert_eq!(denied.header("cache-control"), Some("no-store"));
    assert_eq!(denied.header("content-type"), Some("application/problem+json"));
    assert!(denied.text().contains("#quota-exceeded"), "{}", denied.text());
    assert!(denied.text().contains(r#""violated-policies":["orders"]"#), "{}", denied.text());
}

/// Checks the remaining quota. Seconds may pass on a busy machine.
fn is_limit(limit: &str, left: u32) {
    let seconds = limit.strip_prefix(&format!("\"orders\";r={left};t="));
    let seconds: u32 = seconds.unwrap_or_else(|| panic!("{limit}")).parse().unwrap();
    assert!((400..=450).contains(&seconds), "{limit}");
}

#[tokio::test]
async fn the_third_request_is_rejected_over_http1_on_separate_connections() -> Result<(), BoxError>
{
    for server in [hyper_with(two(), Protocol::Http1).await, axum_with(two()).await] {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(Http1::connect(server.addr()).await?.get("/").await?);
        }
        check(&answers);
    }
    Ok(())
}

#[tokio::test]
async fn the_third_request_is_rejected_over_http2_on_one_connection() -> Result<(), BoxError> {
    for server in [hyper_with(two(), Protocol::Http2).await, axum_with(two()).await] {
        let mut client = Http2::connect(server.addr()).await?;
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(client.get("/").await?);
        }
        check(&answers);
    }
    Ok(())
}

#[tokio::test]
async fn all_clients_share_a_limit_if_the_server_does_not_provide_the_peer() -> Result<(), BoxError>
{
    let layer = RateLimitLayer::new(Policy::per_day("day", 2), Key::peer());
    let router = Router::new().route("/", get(async || "ordered")).layer(layer);
    // The usual first attempt, without `into_make_service_with_connect_info`.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let addr = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(Http1::connect(addr).await?.get("/").await?.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
    serving.abort();
    Ok(())
}

#[tokio::test]
async fn all_routes_of_a_router_share_the_state_of_the_layer() -> Result<(), BoxError> {
    let server = axum_with(two()).await;
    let mut client = Http1::connect(server.addr()).await?;
    assert_eq!(client.get("/").await?.status, 200);
    assert_eq!(client.get("/other").await?.status, 200);
    assert_eq!(client.get("/").await?.status, 429);
    Ok(())
}

#[tokio::test]
async fn a_limit_by_route_uses_the_templates_of_axum() -> Result<(), BoxError> {
    let layer = RateLimitLayer::new(Policy::per_day("route", 1), Key::route());
    let router = Router::new()
        .route("/orders/{id}", get(async || "order"))
        .route("/users/{id}", get(async || "user"))
        .route_layer(layer.headers(Headers::None));
    let server = Server::axum(router).await?;
    let mut client = Http1::connect(server.addr()).await?;
    assert_eq!(client.get("/orders/1").await?.status, 200);
    assert_eq!(client.get("/orders/2").await?.status, 429);
    assert_eq!(client.get("/users/1").await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn under_tonic_the_third_call_ends_with_resource_exhausted_and_a_retry_delay() {
    let layers = ServiceBuilder::new().layer(ClientIpLayer::new()).layer(two()).into_inner();
    let router = tonic::transport::Server::builder().layer(layers).add_service(EchoServer);
    let server = Server::tonic(router).await.unwrap();
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    let mut client = EchoClient::new(channel);
    for left in [1, 0] {
        let answer = client.say(Words::new("hello")).await.unwrap();
        is_limit(answer.metadata().get("ratelimit").unwrap().to_str().unwrap(), left);
    }
    let status = client.say(Words::new("hello")).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "too many requests");
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap().to_str().unwrap();
    let pushback: u64 = pushback.parse().unwrap();
    assert!((400_000..=450_000).contains(&pushback), "{pushback}");
    // The bytes of google.rpc.Status { code: 8, message, details: [RetryInfo { retry_delay }] }.
    let details = status.details();
    assert_eq!(&details[..2], [0x08, 8]);
    let retry_info = b"type.googleapis.com/google.rpc.RetryInfo";
    assert!(details.windows(retry_info.len()).any(|window| window == retry_info));
}

#[tokio::test]
async fn clones_and_repeated_applications_of_a_layer_share_its_state() -> Result<(), BoxError> {
    let layer = two();
    let make = layer.clone();
    let server = Server::hyper(Protocol::Http1, move |_| {
        let service = service_fn(async |_: Request<Incoming>| {
            Ok::<_, BoxError>(Response::new(Full::<Bytes>::from("ordered")))
        });
        ClientIpLayer::new().layer(make.layer(service))
    })
    .await?;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(Http1::connect(server.addr()).await?.get("/").await?.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
    Ok(())
}
