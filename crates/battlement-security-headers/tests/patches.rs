//! Patches on one response all hold, and the outermost has the last word.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use battlement_security_headers::{
    Coop, Corp, Csp, Directive, Header, SecurityHeadersLayer, SecurityPatch, Source,
};
use http::{HeaderMap, Response};

use crate::answering::{answer, https};

async fn patched(
    layer: SecurityHeadersLayer,
    handler: SecurityPatch,
    group: SecurityPatch,
) -> HeaderMap {
    answer(&layer, https(), |_| group.clone().on(handler.clone().on(Response::new("")))).await
}

fn source(text: &str) -> Source {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_patches_of_a_handler_and_of_its_group_both_hold() {
    let handler = SecurityPatch::new().without(Header::FrameOptions);
    let group = SecurityPatch::new().header(Coop::SameOriginAllowPopups);
    let headers = patched(SecurityHeadersLayer::helmet(), handler, group).await;
    assert!(!headers.contains_key("x-frame-options"), "{headers:?}");
    assert_eq!(headers["cross-origin-opener-policy"], "same-origin-allow-popups");
}

#[tokio::test]
async fn the_outer_one_of_two_patches_has_the_last_word() {
    let handler = SecurityPatch::new().header(Corp::CrossOrigin).without(Header::FrameOptions);
    let group = SecurityPatch::new().header(Corp::SameSite);
    let headers = patched(SecurityHeadersLayer::helmet(), handler, group).await;
    assert_eq!(headers["cross-origin-resource-policy"], "same-site");
    assert!(!headers.contains_key("x-frame-options"));
}

#[tokio::test]
async fn two_patches_that_each_allow_a_source_allow_both() {
    let tiles = SecurityPatch::new().allow(Directive::ImgSrc, source("https://tiles.example"));
    let avatars = SecurityPatch::new().allow(Directive::ImgSrc, source("https://avatars.example"));
    let headers = patched(SecurityHeadersLayer::helmet(), tiles, avatars).await;
    let policy = headers["content-security-policy"].to_str().unwrap();
    let images = ";img-src 'self' data: https://tiles.example https://avatars.example;";
    assert!(policy.contains(images), "{policy}");
}

#[tokio::test]
async fn a_patch_for_fenced_frames_begins_with_what_holds_for_frames() {
    let patch =
        SecurityPatch::new().allow(Directive::FencedFrameSrc, source("https://ads.example"));
    for (policy, frames) in [
        ("default-src 'self';frame-src https://a.example", "https://a.example"),
        ("default-src 'self';child-src blob:", "blob:"),
        ("default-src 'self'", "'self'"),
    ] {
        let layer = SecurityHeadersLayer::none().header(Csp::parse(policy).unwrap());
        let headers = patched(layer, patch.clone(), SecurityPatch::new()).await;
        let expected = format!("{policy};fenced-frame-src {frames} https://ads.example");
        assert_eq!(headers["content-security-policy"], expected);
    }
}

#[tokio::test]
async fn a_patch_allows_a_source_in_the_policy_that_an_inner_one_has_set() {
    let handler = SecurityPatch::new().header(Csp::helmet().report_only());
    let group = SecurityPatch::new().allow(Directive::ImgSrc, source("https://tiles.example"));
    let headers = patched(SecurityHeadersLayer::none(), handler, group).await;
    let policy = headers["content-security-policy-report-only"].to_str().unwrap();
    assert!(policy.contains("img-src 'self' data: https://tiles.example;"), "{policy}");
}
