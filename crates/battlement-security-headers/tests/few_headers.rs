//! A layer of a few headers adds them as a layer of many does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use battlement_security_headers::{CacheControl, Header, Hsts, SecurityHeadersLayer};
use http::{HeaderMap, Response, StatusCode};

use crate::answering::{answer, https};

/// Helmet's headers, except for those that the tests are about.
const OTHERS: [Header; 9] = [
    Header::Csp,
    Header::Coop,
    Header::Corp,
    Header::OriginAgentCluster,
    Header::ReferrerPolicy,
    Header::DnsPrefetchControl,
    Header::DownloadOptions,
    Header::PermittedCrossDomainPolicies,
    Header::XssProtection,
];

/// Returns layers with `Strict-Transport-Security`, `X-Content-Type-Options`, `X-Frame-Options`, `Cache-Control` and
/// from none to nine further headers.
fn layers() -> impl Iterator<Item = SecurityHeadersLayer> {
    let all = SecurityHeadersLayer::helmet().header(Hsts::new()).header(CacheControl::no_store());
    (0..=OTHERS.len()).map(move |count| {
        OTHERS.into_iter().skip(count).fold(all.clone(), SecurityHeadersLayer::without)
    })
}

fn own(status: StatusCode) -> Response<&'static str> {
    let mut response = Response::new("");
    *response.status_mut() = status;
    for (name, value) in [("x-frame-options", "DENY"), ("vary", "accept"), ("vary", "origin")] {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_response_keeps_its_own_headers_and_gets_the_missing_ones_however_many_there_are() {
    for (count, layer) in layers().enumerate() {
        let headers = answer(&layer, https(), |_| own(StatusCode::OK)).await;
        assert_eq!(values(&headers, "x-frame-options"), ["DENY"]);
        assert_eq!(values(&headers, "vary"), ["accept", "origin"]);
        assert_eq!(values(&headers, "x-content-type-options"), ["nosniff"]);
        assert_eq!(values(&headers, "cache-control"), ["no-store"]);
        assert_eq!(headers.keys_len(), 5 + count, "{headers:?}");
    }
}

#[tokio::test]
async fn a_304_gets_no_cache_control_however_many_headers_there_are() {
    for (count, layer) in layers().enumerate() {
        let headers = answer(&layer, https(), |_| own(StatusCode::NOT_MODIFIED)).await;
        assert!(!headers.contains_key("cache-control"));
        assert_eq!(headers.keys_len(), 4 + count, "{headers:?}");
    }
}

#[tokio::test]
async fn forced_headers_replace_those_of_the_response_however_many_there_are() {
    for layer in layers() {
        let layer = layer.force([Header::FrameOptions]);
        let headers = answer(&layer, https(), |_| own(StatusCode::OK)).await;
        assert_eq!(values(&headers, "x-frame-options"), ["SAMEORIGIN"]);
    }
}
