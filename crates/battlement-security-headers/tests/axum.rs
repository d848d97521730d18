//! Handlers of axum take the nonce and return patches.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::{Router, body::Body, response::Html, routing::get};
use battlement_security_headers::{
    Corp, CspNonce, Header, MissingNonce, SecurityHeadersLayer, SecurityPatch,
};
use http::{Request, Response, StatusCode};
use tower::ServiceExt;

async fn get_from(router: Router, path: &str) -> Response<Body> {
    router.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

fn router() -> Router {
    Router::new()
        .route(
            "/page",
            get(async |nonce: CspNonce| Html(format!("<script nonce={nonce}>1</script>"))),
        )
        .route("/either", get(async |nonce: Option<CspNonce>| nonce.is_some().to_string()))
        .route(
            "/image",
            get(async || {
                let patch =
                    SecurityPatch::new().header(Corp::CrossOrigin).without(Header::FrameOptions);
                (patch, "an image")
            }),
        )
}

#[tokio::test]
async fn a_handler_takes_the_nonce_as_an_argument() {
    let response = get_from(router().layer(SecurityHeadersLayer::html()), "/page").await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'nonce-"), "{policy}");
}

#[tokio::test]
async fn an_extractor_without_its_layer_names_the_layer_to_add_and_an_optional_one_is_none() {
    // The policy of `api` has no nonce.
    for router in [router(), router().layer(SecurityHeadersLayer::api())] {
        let response = get_from(router.clone(), "/page").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let text = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(
            text,
            "the request has no nonce: add `SecurityHeadersLayer` outside the handler, with a policy that has the \
             source 'nonce'"
        );
        assert_eq!(text, MissingNonce.to_string());
        assert_eq!(get_from(router, "/either").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_handler_returns_a_patch_beside_its_answer() {
    let response = get_from(router().layer(SecurityHeadersLayer::api()), "/image").await;
    assert_eq!(response.headers()["cross-origin-resource-policy"], "cross-origin");
    assert!(!response.headers().contains_key("x-frame-options"));
}

#[tokio::test]
async fn the_patches_of_a_handler_and_of_middleware_around_its_group_both_hold() {
    let group = axum::middleware::map_response(async |response: Response<Body>| {
        (SecurityPatch::new().header(Corp::SameSite).without(Header::Coop), response)
    });
    let app = router().layer(group).layer(SecurityHeadersLayer::api());
    let response = get_from(app, "/image").await;
    let headers = response.headers();
    assert!(!headers.contains_key("x-frame-options"), "the handler's");
    assert!(!headers.contains_key("cross-origin-opener-policy"), "the group's");
    assert_eq!(headers["cross-origin-resource-policy"], "same-site", "the outer one is the last");
}
