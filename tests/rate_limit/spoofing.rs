//! Headers of a client do not move it to another bucket.

use axum::{Router, routing::get};
use battlement::{
    client_ip::{ClientIpLayer, Forwarding, Proxies},
    rate_limit::{Key, Policy, RateLimitLayer},
};
use battlement_testkit::{
    client::{Collected, Http1},
    server::Server,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower::{BoxError, ServiceBuilder};

async fn serving(client_ip: ClientIpLayer) -> Server {
    let limit = RateLimitLayer::new(Policy::per_day("day", 1), Key::client_ip());
    let layers = ServiceBuilder::new().layer(client_ip).layer(limit);
    Server::axum(Router::new().route("/", get(async || "ok")).layer(layers)).await.unwrap()
}

async fn status(server: &Server, forwarded: &[&str]) -> Result<u16, BoxError> {
    let mut request = Request::get("/");
    for value in forwarded {
        request = request.header("x-forwarded-for", *value);
    }
    let mut client = Http1::connect(server.addr()).await?;
    let answer = client.send(request.body(Empty::<Bytes>::new())?).await?;
    Ok(Collected::of(answer).await?.status.as_u16())
}

const MADE_UP: [&[&str]; 5] = [
    &["1.2.3.4"],
    &["5.6.7.8"],
    &["9.9.9.9, 8.8.8.8"],
    &["2001:db8::1", "2001:db8::2"],
    &["not an address"],
];

#[tokio::test]
async fn without_a_proxy_a_forged_header_is_not_read() -> Result<(), BoxError> {
    let server = serving(ClientIpLayer::new()).await;
    assert_eq!(status(&server, &[]).await?, 200);
    for forwarded in MADE_UP {
        assert_eq!(status(&server, forwarded).await?, 429, "{forwarded:?}");
    }
    Ok(())
}

#[tokio::test]
async fn behind_a_proxy_only_the_part_that_the_proxy_wrote_is_read() -> Result<(), BoxError> {
    let loopback = ["127.0.0.0/8".parse()?];
    let proxies = Proxies::networks(loopback);
    let server = serving(ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for())).await;
    // The proxy appends the address of its peer to the value that the client sent.
    assert_eq!(status(&server, &["203.0.113.7"]).await?, 200);
    for forwarded in MADE_UP {
        let appended = [forwarded, &["203.0.113.7"][..]].concat();
        assert_eq!(status(&server, &appended).await?, 429, "{appended:?}");
    }
    assert_eq!(status(&server, &["203.0.113.8"]).await?, 200, "another client");
    Ok(())
}
