//! The same layer under every server.

use axum::{Router, routing::get};
use battlement::request_id::{RequestId, RequestIdLayer, Trust};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    echo::{EchoClient, EchoServer, Words},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::body::Incoming;
use tonic::transport::{Channel, Endpoint};
use tower::{BoxError, Layer};

use crate::services::id_service;

async fn hyper_with(layer: RequestIdLayer, protocol: Protocol) -> Server {
    Server::hyper(protocol, move |_| layer.layer(id_service::<Incoming>())).await.unwrap()
}

async fn axum_with(layer: RequestIdLayer) -> Server {
    // The extractor and the function return the same id.
    let handler = async |id: RequestId| {
        assert_eq!(RequestId::current(), Some(id.clone()));
        id.to_string()
    };
    Server::axum(Router::new().route("/", get(handler)).layer(layer)).await.unwrap()
}

async fn tonic_with(layer: RequestIdLayer) -> Server {
    let router = tonic::transport::Server::builder().layer(layer).add_service(EchoServer);
    Server::tonic(router).await.unwrap()
}

async fn echo(server: &Server) -> EchoClient<Channel> {
    EchoClient::new(Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap())
}

fn with_id(id: Option<&str>) -> Request<Empty<Bytes>> {
    let request = Request::get("/");
    let request = match id {
        Some(id) => request.header("x-request-id", id),
        None => request,
    };
    request.body(Empty::new()).unwrap()
}

fn check(answer: &Collected, sent: Option<&str>, kept: bool) {
    let echoed = answer.header("x-request-id").expect("one id");
    assert_eq!(answer.text(), echoed, "the handler has the id that is sent back");
    if kept {
        assert_eq!(Some(echoed), sent);
    } else {
        let uuid = uuid::Uuid::parse_str(echoed).unwrap();
        assert_eq!(uuid.get_version_num(), 7);
    }
}

const INBOUND: [(Option<&str>, bool); 5] = [
    (None, false),
    (Some("good-inbound-id"), true),
    (Some("has spaces in it"), false),
    (Some("short"), false),
    (Some("colons:and;more"), false),
];

#[tokio::test]
async fn http1_keeps_valid_ids_and_replaces_the_others_on_one_connection() -> Result<(), BoxError> {
    for server in [
        hyper_with(RequestIdLayer::new(), Protocol::Http1).await,
        axum_with(RequestIdLayer::new()).await,
    ] {
        let mut client = Http1::connect(server.addr()).await?;
        for (id, kept) in INBOUND {
            let answer = Collected::of(client.send(with_id(id)).await?).await?;
            check(&answer, id, kept);
        }
    }
    Ok(())
}

#[tokio::test]
async fn http2_keeps_valid_ids_and_replaces_the_others_on_one_connection() -> Result<(), BoxError> {
    for server in [
        hyper_with(RequestIdLayer::new(), Protocol::Http2).await,
        axum_with(RequestIdLayer::new()).await,
    ] {
        let mut client = Http2::connect(server.addr()).await?;
        for (id, kept) in INBOUND {
            let answer = Collected::of(client.send(with_id(id)).await?).await?;
            check(&answer, id, kept);
        }
    }
    Ok(())
}

#[tokio::test]
async fn tonic_returns_the_id_in_the_metadata_of_responses_streams_and_errors() {
    let server = tonic_with(RequestIdLayer::new()).await;
    let mut client = echo(&server).await;
    let asked = |code| {
        let mut request = tonic::Request::new(Words { code, ..Words::new("hello") });
        request.metadata_mut().insert("x-request-id", "good-inbound-id".parse().unwrap());
        request
    };
    let answer = client.say(asked(0)).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "good-inbound-id");
    let stream = client.repeat(asked(0)).await.unwrap();
    assert_eq!(stream.metadata().get("x-request-id").unwrap(), "good-inbound-id");
    let status = client.say(asked(5)).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert_eq!(status.metadata().get("x-request-id").unwrap(), "good-inbound-id");

    let answer = client.say(Words::new("hello")).await.unwrap();
    let made = answer.metadata().get("x-request-id").unwrap().to_str().unwrap();
    assert!(uuid::Uuid::parse_str(made).is_ok(), "{made}");
}

#[tokio::test]
async fn an_id_of_arbitrary_bytes_is_replaced_and_not_returned() -> Result<(), BoxError> {
    let server = hyper_with(RequestIdLayer::new(), Protocol::Http1).await;
    let hostile: [&[u8]; 4] = [
        b"\x9b31m in red",
        b"tab\tinside",
        &[b'a'; 4096],
        b"two-of-them\r\nx-request-id: second-one",
    ];
    for hostile in hostile {
        let mut request =
            b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\nx-request-id: ".to_vec();
        request.extend_from_slice(hostile);
        request.extend_from_slice(b"\r\n\r\n");
        let answer = Raw::exchange(server.addr(), request).await?;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        let ids = text.lines().filter_map(|line| line.strip_prefix("x-request-id: "));
        let ids: Vec<_> = ids.collect();
        assert!(matches!(ids[..], [id] if uuid::Uuid::parse_str(id).is_ok()), "{text}");
        assert!(!answer.windows(8).any(|part| part == &hostile[..8]), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn two_pipelined_requests_have_two_ids() -> Result<(), BoxError> {
    let server = hyper_with(RequestIdLayer::new(), Protocol::Http1).await;
    let pipelined = "GET / HTTP/1.1\r\nhost: test\r\n\r\n\
                     GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let answer = Raw::exchange(server.addr(), pipelined).await?;
    let text = String::from_utf8(answer)?;
    let ids: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("x-request-id: ")).collect();
    assert!(matches!(ids[..], [first, second] if first != second), "{text}");
    Ok(())
}

#[tokio::test]
async fn peers_are_trusted_by_the_address_that_each_server_provides() -> Result<(), BoxError> {
    let trusting = || RequestIdLayer::new().trust(Trust::peers(["127.0.0.0/8".parse().unwrap()]));
    let wary = || RequestIdLayer::new().trust(Trust::peers(["10.0.0.0/8".parse().unwrap()]));
    for (layer, kept) in [(trusting(), true), (wary(), false)] {
        let servers =
            [hyper_with(layer.clone(), Protocol::Auto).await, axum_with(layer.clone()).await];
        for server in servers {
            let mut client = Http1::connect(server.addr()).await?;
            let request = with_id(Some("good-inbound-id"));
            let answer = Collected::of(client.send(request).await?).await?;
            check(&answer, Some("good-inbound-id"), kept);
        }
        let server = tonic_with(layer).await;
        let mut request = tonic::Request::new(Words::new("hello"));
        request.metadata_mut().insert("x-request-id", "good-inbound-id".parse()?);
        let answer = echo(&server).await.say(request).await?;
        assert_eq!(answer.metadata().get("x-request-id").unwrap() == "good-inbound-id", kept);
    }
    Ok(())
}

#[tokio::test]
async fn a_layer_around_the_router_adds_an_id_to_responses_without_a_route() -> Result<(), BoxError>
{
    let server = axum_with(RequestIdLayer::new()).await;
    let mut client = Http1::connect(server.addr()).await?;
    let answer = client.get("/nowhere").await?;
    assert_eq!(answer.status, 404);
    assert!(answer.header("x-request-id").is_some());
    Ok(())
}
