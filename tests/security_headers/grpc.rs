//! gRPC responses get the headers that have a meaning there, whatever their status.

use battlement::security_headers::SecurityHeadersLayer;
use battlement_testkit::{
    client::Http2,
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};
use tonic::{Code, metadata::MetadataMap, transport::Endpoint};
use tower::{BoxError, ServiceBuilder};

const FOR_BROWSERS: [&str; 5] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "x-frame-options",
    "referrer-policy",
];

async fn server() -> Server {
    let layers = ServiceBuilder::new()
        .layer(SecurityHeadersLayer::helmet())
        .layer(battlement::problem::ProblemLayer::new())
        .map_request(|request: http::Request<tonic::body::Body>| {
            assert_ne!(request.uri().path(), "/battlement.testkit.Echo/Repeat", "as it was told");
            request
        });
    let mut router = tonic::transport::Server::builder().layer(layers.into_inner());
    Server::tonic(router.add_service(EchoServer)).await.unwrap()
}

fn check(metadata: &MetadataMap) {
    for name in ["x-content-type-options", "strict-transport-security"] {
        assert_eq!(metadata.get_all(name).iter().count(), 1, "{name}");
    }
    for name in FOR_BROWSERS {
        assert!(!metadata.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn responses_errors_and_panics_have_each_header_once() -> Result<(), BoxError> {
    let server = server().await;
    let channel = Endpoint::from_shared(server.url(""))?.connect().await?;
    let mut client = EchoClient::new(channel);
    check(client.say(Words::new("hello")).await?.metadata());

    let failing = Words { code: Code::ResourceExhausted as i32, ..Words::new("hello") };
    let status = client.say(failing).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    check(status.metadata());

    let panicked = client.repeat(Words::new("hello")).await.unwrap_err();
    assert_eq!(panicked.code(), Code::Internal);
    check(panicked.metadata());
    Ok(())
}

#[tokio::test]
async fn a_browser_request_to_a_grpc_server_gets_all_headers() -> Result<(), BoxError> {
    let server = server().await;
    let answer = Http2::connect(server.addr()).await?.get("/").await?;
    for name in FOR_BROWSERS {
        assert!(answer.header(name).is_some(), "{name}");
    }
    Ok(())
}
