//! HSTS depends on the client's scheme, which behind a proxy only the proxy knows.

use axum::{Router, routing::get};
use battlement::{
    client_ip::{ClientIpLayer, Forwarding, Proxies},
    security_headers::SecurityHeadersLayer,
};
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    server::Server,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower::BoxError;

async fn server(proxies: &str) -> Server {
    let proxies = Proxies::networks([proxies.parse().unwrap()]);
    let router = Router::new()
        .route("/", get(async || "page"))
        .layer(SecurityHeadersLayer::html())
        .layer(ClientIpLayer::behind(proxies, Forwarding::forwarded()));
    Server::axum(router).await.unwrap()
}

async fn hsts(server: &Server, forwarded: &str) -> Result<Option<String>, BoxError> {
    let request = Request::get("/").header("forwarded", forwarded).body(Empty::<Bytes>::new())?;
    let mut client = Http1::connect(server.addr()).await?;
    let answer = Collected::of(client.send(request).await?).await?;
    Ok(answer.header("strict-transport-security").map(str::to_owned))
}

#[tokio::test]
async fn https_reported_by_a_trusted_proxy_adds_hsts() -> Result<(), BoxError> {
    let server = server("127.0.0.0/8").await;
    let sent = hsts(&server, "for=192.0.2.1;proto=https").await?;
    assert_eq!(sent.as_deref(), Some("max-age=31536000; includeSubDomains"));
    assert_eq!(hsts(&server, "for=192.0.2.1;proto=http").await?, None);
    Ok(())
}

#[tokio::test]
async fn https_reported_by_an_untrusted_peer_does_not_add_hsts() -> Result<(), BoxError> {
    let server = server("10.0.0.0/8").await;
    assert_eq!(hsts(&server, "for=192.0.2.1;proto=https").await?, None);
    Ok(())
}

#[tokio::test]
async fn an_https_uri_over_plain_tcp_does_not_add_hsts() -> Result<(), BoxError> {
    let server = server("10.0.0.0/8").await;
    let request =
        "GET https://shop.example/ HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n";
    let answer = String::from_utf8(Raw::exchange(server.addr(), request).await?)?;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("strict-transport"), "{answer}");

    let mut client = Http2::connect(server.addr()).await?;
    let request = Request::get("https://shop.example/").body(Empty::<Bytes>::new())?;
    let answer = Collected::of(client.send(request).await?).await?;
    assert_eq!((answer.status.as_u16(), answer.header("strict-transport-security")), (200, None));
    Ok(())
}
