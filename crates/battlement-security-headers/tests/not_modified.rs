//! A `304 Not Modified` updates what a cache has stored, so the layer adds nothing to it that governs storage.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use std::time::Duration;

use battlement_security_headers::{
    CacheControl, CspNonce, Header, SecurityHeadersLayer, SecurityPatch,
};
use http::{Request, Response, StatusCode};

use crate::answering::{answer, https};

fn not_modified(own: Option<&str>) -> Response<&'static str> {
    let mut response = Response::new("");
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    if let Some(own) = own {
        response.headers_mut().insert("cache-control", own.parse().unwrap());
    }
    response
}

/// Returns the `Cache-Control` of a response of `handler`.
async fn storage(
    layer: &SecurityHeadersLayer,
    handler: impl Fn(Request<()>) -> Response<&'static str>,
) -> Option<String> {
    let headers = answer(layer, https(), handler).await;
    assert!(headers.contains_key("x-content-type-options"), "the other headers are there");
    headers.get("cache-control").map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_304_of_an_api_has_nothing_added_that_governs_storage() {
    assert_eq!(storage(&SecurityHeadersLayer::api(), |_| not_modified(None)).await, None);
}

#[tokio::test]
async fn a_304_of_a_page_whose_nonce_was_read_has_nothing_added_that_governs_storage() {
    let read = |request: Request<()>| {
        assert_eq!(CspNonce::of(&request).unwrap().as_str().len(), 22);
        not_modified(None)
    };
    assert_eq!(storage(&SecurityHeadersLayer::html(), read).await, None);
}

#[tokio::test]
async fn a_patch_adds_nothing_that_governs_storage_to_a_304() {
    let patched = |_| {
        let patch = SecurityPatch::new().header(CacheControl::no_store());
        patch.on(not_modified(None))
    };
    for layer in [SecurityHeadersLayer::helmet(), SecurityHeadersLayer::api()] {
        assert_eq!(storage(&layer, patched).await, None);
    }
}

#[tokio::test]
async fn a_304_keeps_what_the_service_says_of_storage() {
    let own = "private, max-age=60";
    for layer in [SecurityHeadersLayer::api(), SecurityHeadersLayer::html()] {
        let kept = storage(&layer, |_| not_modified(Some(own))).await;
        assert_eq!(kept.as_deref(), Some(own));
    }
}

#[tokio::test]
async fn a_304_does_not_undo_a_forced_cache_control() {
    let assets = CacheControl::public(Duration::from_secs(3600));
    let layer = SecurityHeadersLayer::helmet().header(assets).force([Header::CacheControl]);
    let own = storage(&layer, |_| not_modified(Some("no-store"))).await;
    assert_eq!(own, None, "the stored answer keeps the forced one");
}
