//! Fetch Metadata together with tower-http's `cors` and `csrf`: the requests that each of them rejects, and the pages
//! that may read the rejection.

use axum::{
    Router,
    routing::{get, post},
};
use battlement::security_headers::{FetchMetadataLayer, SecurityHeadersLayer};
use battlement_testkit::{
    client::{Collected, Http1},
    server::Server,
};
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use http_body_util::Empty;
use tower::BoxError;
use tower_http::{
    cors::{AllowOrigin, CorsLayer},
    csrf::CsrfLayer,
};

const PARTNER: &str = "https://partner.example";

/// Starts a server whose layers are, from the inside out: csrf, isolation, cors, security headers.
async fn server() -> Server {
    let router = Router::new()
        .route("/", get(async || "page"))
        .route("/orders", post(async || "ordered").get(async || "orders"))
        .route("/public/prices", get(async || "prices"))
        .layer(CsrfLayer::new())
        .layer(FetchMetadataLayer::new().exempt_paths(["/public/"]))
        .layer(
            CorsLayer::new()
                .allow_methods([Method::GET])
                .allow_origin(AllowOrigin::exact(HeaderValue::from_static(PARTNER))),
        )
        .layer(SecurityHeadersLayer::api());
    Server::axum(router).await.unwrap()
}

/// Sends the request of a browser for a page of the partner, in this mode.
async fn from_partner(method: Method, path: &str, mode: &str) -> Result<Collected, BoxError> {
    let mut request = Request::builder()
        .method(&method)
        .uri(path)
        .header("origin", PARTNER)
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", mode)
        .header("sec-fetch-dest", if mode == "navigate" { "document" } else { "empty" });
    if method == Method::OPTIONS {
        request = request.header("access-control-request-method", "GET");
    }
    let server = server().await;
    let mut client = Http1::connect(server.addr()).await?;
    let answer = client.send(request.body(Empty::<Bytes>::new())?).await?;
    let answer = Collected::of(answer).await?;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
    Ok(answer)
}

#[tokio::test]
async fn another_site_can_link_to_a_page_and_read_exempt_paths() -> Result<(), BoxError> {
    assert_eq!(from_partner(Method::GET, "/", "navigate").await?.text(), "page");
    let prices = from_partner(Method::GET, "/public/prices", "cors").await?;
    assert_eq!(prices.text(), "prices");
    assert_eq!(prices.header("access-control-allow-origin"), Some(PARTNER));
    Ok(())
}

#[tokio::test]
async fn another_site_cannot_read_other_paths_and_can_read_the_rejection() -> Result<(), BoxError> {
    let refused = from_partner(Method::GET, "/orders", "cors").await?;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    assert_eq!(refused.header("access-control-allow-origin"), Some(PARTNER));
    Ok(())
}

#[tokio::test]
async fn a_preflight_is_answered_by_an_outer_layer() -> Result<(), BoxError> {
    let preflight = from_partner(Method::OPTIONS, "/public/prices", "cors").await?;
    assert_eq!(preflight.status, 200);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET"));
    Ok(())
}

#[tokio::test]
async fn a_forged_order_is_rejected_from_a_form_and_from_a_script() -> Result<(), BoxError> {
    for mode in ["navigate", "no-cors", "cors"] {
        assert_eq!(from_partner(Method::POST, "/orders", mode).await?.status, 403, "{mode}");
    }
    Ok(())
}

#[tokio::test]
async fn csrf_also_protects_exempt_paths() -> Result<(), BoxError> {
    let refused = from_partner(Method::POST, "/public/prices", "cors").await?;
    assert_eq!(refused.status, 403);
    assert_ne!(refused.header("content-type"), Some("application/problem+json"), "by csrf");
    Ok(())
}
