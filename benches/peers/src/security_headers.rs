use std::collections::HashMap;

use axum_helmet::Helmet;
use battlement_benches::{Bare, Case, request};
use battlement_security_headers::{Feature, PermissionsPolicy, SecurityHeadersLayer};
use http::{HeaderName, HeaderValue};
use tower::{Layer, ServiceBuilder};
use tower_helmet::{HelmetLayer, header::ContentSecurityPolicy};
use tower_http::set_header::SetResponseHeaderLayer;

pub(crate) fn cases() -> Vec<Case> {
    let permissions = PermissionsPolicy::new().deny(Feature::Camera).deny(Feature::Microphone);
    let thirteen = SecurityHeadersLayer::helmet().header(permissions);
    vec![
        ours("ours: helmet and permissions, 13 headers", thirteen).at_most(2_600, 2),
        ours("ours: helmet, 12 headers", SecurityHeadersLayer::helmet()),
        ours("ours: api, 8 headers", SecurityHeadersLayer::api()),
        ours("ours: html, 10 headers, nonce not read", SecurityHeadersLayer::html()),
        layer_per_header(),
        tower_helmet(),
        axum_helmet(),
    ]
}

fn ours(name: &'static str, layer: SecurityHeadersLayer) -> Case {
    Case::new(name, request, Bare, layer.layer(Bare))
}

/// Helmet's 12 headers.
const HEADERS: [(&str, &str); 12] = [
    (
        "content-security-policy",
        "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';\
         frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';\
         script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-download-options", "noopen"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-xss-protection", "0"),
];

pub(crate) fn set(index: usize) -> SetResponseHeaderLayer<HeaderValue> {
    let (name, value) = HEADERS[index];
    let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
    SetResponseHeaderLayer::if_not_present(name, value)
}

fn layer_per_header() -> Case {
    let service = ServiceBuilder::new()
        .layer(set(0))
        .layer(set(1))
        .layer(set(2))
        .layer(set(3))
        .layer(set(4))
        .layer(set(5))
        .layer(set(6))
        .layer(set(7))
        .layer(set(8))
        .layer(set(9))
        .layer(set(10))
        .layer(set(11))
        .service(Bare);
    Case::new("tower-http: set-header, 12 layers", request, Bare, service)
}

/// Returns a case with tower-helmet's defaults, except for the policy: the default is a map whose order differs
/// between runs.
fn tower_helmet() -> Case {
    let mut layer = HelmetLayer::with_defaults();
    let directives = HashMap::from([("default-src", vec!["'self'"])]);
    layer.enable(ContentSecurityPolicy { directives, ..Default::default() });
    Case::new("tower-helmet: defaults, 14 headers", request, Bare, layer.layer(Bare))
}

fn axum_helmet() -> Case {
    let layer = Helmet::default().into_layer().expect("the default headers are valid");
    let service = layer.layer(Bare);
    Case::new("axum-helmet: defaults", request, Bare, service)
}
