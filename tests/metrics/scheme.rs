//! The label `url_scheme` under a server that listens on plain TCP.

use battlement::metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::{
    client::{Collected, Http2, Raw},
    server::Server,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use tower::BoxError;

#[tokio::test]
async fn an_https_uri_over_plain_tcp_counts_as_http() -> Result<(), BoxError> {
    let metrics = HttpMetrics::new();
    let router = axum::Router::new().route("/", axum::routing::get(async || "page"));
    let server = Server::axum(router.layer(metrics.server_layer())).await?;

    let request =
        "GET https://shop.example/ HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n";
    Raw::exchange(server.addr(), request).await?;
    let mut client = Http2::connect(server.addr()).await?;
    let request = Request::get("https://shop.example/").body(Empty::<Bytes>::new())?;
    Collected::of(client.send(request).await?).await?;
    server.stop().await;

    assert_eq!(metrics.ended(), 2);
    let page = Exposition::new().metrics(&metrics).render(Format::Text);
    assert!(page.contains(r#"url_scheme="http""#), "{page}");
    assert!(!page.contains(r#"url_scheme="https""#), "{page}");
    Ok(())
}
