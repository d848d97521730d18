//! Servers over TCP, whose peers have addresses.

use battlement::client_ip::{ClientIpLayer, Forwarding, Proxies};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    echo::{EchoClient, EchoServer, Words},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper::body::Incoming;
use tonic::{metadata::MetadataMap, transport::Endpoint};
use tower::{BoxError, Layer, ServiceBuilder};

use crate::responses::{
    Lines, behind_proxies, cases, client_in_header, client_service, headers, router,
};

async fn hyper_with(layer: ClientIpLayer, protocol: Protocol) -> Server {
    Server::hyper(protocol, move |_| layer.layer(client_service::<Incoming>())).await.unwrap()
}

fn with(lines: &Lines) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.headers_mut() = headers(lines);
    request
}

async fn over_http1(server: &Server, lines: &Lines) -> Result<String, BoxError> {
    let mut client = Http1::connect(server.addr()).await?;
    Ok(Collected::of(client.send(with(lines)).await?).await?.text())
}

async fn over_http2(server: &Server, lines: &Lines) -> Result<String, BoxError> {
    let mut client = Http2::connect(server.addr()).await?;
    Ok(Collected::of(client.send(with(lines)).await?).await?.text())
}

async fn over_grpc(server: &Server, lines: &Lines) -> Result<String, BoxError> {
    let channel = Endpoint::from_shared(server.url(""))?.connect().await?;
    let mut request = tonic::Request::new(Words::new("hello"));
    *request.metadata_mut() = MetadataMap::from_headers(headers(lines));
    let answer = EchoClient::new(channel).say(request).await?;
    Ok(answer.metadata().get("x-client").ok_or("missing x-client")?.to_str()?.to_owned())
}

async fn tonic_with(layer: ClientIpLayer) -> Server {
    let layers = ServiceBuilder::new().layer(layer).map_request(client_in_header);
    let router = tonic::transport::Server::builder().layer(layers).add_service(EchoServer);
    Server::tonic(router).await.unwrap()
}

#[tokio::test]
async fn hyper_resolves_the_client_behind_proxies_over_both_protocols() -> Result<(), BoxError> {
    for (forwarding, lines, expected) in cases() {
        let layer = behind_proxies(forwarding);
        let server = hyper_with(layer.clone(), Protocol::Http1).await;
        assert_eq!(over_http1(&server, &lines).await?, expected);
        let server = hyper_with(layer, Protocol::Http2).await;
        assert_eq!(over_http2(&server, &lines).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn axum_resolves_the_same_client_by_connect_info_and_extractor() -> Result<(), BoxError> {
    for (forwarding, lines, expected) in cases() {
        let server = Server::axum(router(behind_proxies(forwarding))).await?;
        assert_eq!(over_http1(&server, &lines).await?, expected);
        assert_eq!(over_http2(&server, &lines).await?, expected);
        let must = Http1::connect(server.addr()).await?.get("/must").await?;
        assert_eq!(must.text(), "127.0.0.1 peer - -");
    }
    Ok(())
}

#[tokio::test]
async fn tonic_resolves_the_same_client_by_its_own_connect_info() -> Result<(), BoxError> {
    for (forwarding, lines, expected) in cases() {
        let server = tonic_with(behind_proxies(forwarding)).await;
        assert_eq!(over_grpc(&server, &lines).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_peer_that_is_not_a_proxy_is_the_client_under_every_server() -> Result<(), BoxError> {
    let elsewhere = || Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
    for (forwarding, lines, _) in cases() {
        for layer in [ClientIpLayer::new(), ClientIpLayer::behind(elsewhere(), forwarding)] {
            let expected = "127.0.0.1 peer - -";
            let server = hyper_with(layer.clone(), Protocol::Auto).await;
            assert_eq!(over_http1(&server, &lines).await?, expected);
            assert_eq!(over_http2(&server, &lines).await?, expected);
            assert_eq!(
                over_http1(&Server::axum(router(layer.clone())).await?, &lines).await?,
                expected
            );
            assert_eq!(over_grpc(&tonic_with(layer).await, &lines).await?, expected);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_handler_that_requires_the_client_gets_500_without_a_peer() -> Result<(), BoxError> {
    let layered = router(behind_proxies(Forwarding::x_forwarded_for()));
    // Served as a plain service, and so without `ConnectInfo`; the hyper server's own extension is removed.
    let service = ServiceBuilder::new()
        .map_request(|mut request: Request<Incoming>| {
            request.extensions_mut().clear();
            request
        })
        .service(layered);
    let server = Server::http1(service).await?;
    let mut client = Http1::connect(server.addr()).await?;
    assert_eq!(client.get("/must").await?.status, 500);
    assert_eq!(client.get("/").await?.text(), "unknown");
    Ok(())
}

#[tokio::test]
async fn headers_of_arbitrary_bytes_do_not_fail_the_request() -> Result<(), BoxError> {
    let server = Server::axum(router(behind_proxies(Forwarding::forwarded()))).await?;
    for value in
        [&b"\xff\xfe"[..], b"host=\"", b"\"", b"for=\"[", b"", b"for=\t\t\t", &[b','; 8000]]
    {
        let request = [
            b"GET /must HTTP/1.1\r\nhost: a\r\nconnection: close\r\nforwarded: ",
            value,
            b"\r\n\r\n",
        ];
        let answer = Raw::exchange(server.addr(), request.concat()).await?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("127.0.0.1 stopped - -"),
            "{answer}"
        );
    }
    Ok(())
}
