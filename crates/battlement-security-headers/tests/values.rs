//! Every header's values, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use std::time::Duration;

use battlement_security_headers::{
    CacheControl, ClearSiteData, Coep, Coop, Corp, CrossDomainPolicies, Csp, DnsPrefetch, Endpoint,
    Feature, FrameOptions, Hsts, OriginAgentCluster, PermissionsPolicy, ReferrerPolicy, ReportOnly,
    SecurityHeader, SecurityHeadersLayer,
};

use crate::answering::{header, plain};

fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn helmet_has_the_headers_of_helmet_8_in_its_order_and_with_its_bytes() {
    let expected = [
        (
            "content-security-policy",
            "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
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
    assert_eq!(plain(&SecurityHeadersLayer::helmet()).await, owned(&expected));
}

#[tokio::test]
async fn api_has_what_owasp_asks_of_rest() {
    let expected = [
        (
            "content-security-policy",
            "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ];
    assert_eq!(plain(&SecurityHeadersLayer::api()).await, owned(&expected));
}

#[tokio::test]
async fn html_has_no_script_at_all_where_no_nonce_was_read() {
    let expected = [
        (
            "content-security-policy",
            "default-src 'none';base-uri 'none';script-src 'none';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';frame-ancestors 'none';form-action 'self';upgrade-insecure-requests",
        ),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("origin-agent-cluster", "?1"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-dns-prefetch-control", "off"),
        ("x-frame-options", "DENY"),
        ("x-permitted-cross-domain-policies", "none"),
    ];
    assert_eq!(plain(&SecurityHeadersLayer::html()).await, owned(&expected));
}

#[tokio::test]
async fn none_has_none() {
    assert_eq!(plain(&SecurityHeadersLayer::none()).await, []);
}

/// Returns the value that a layer with this header alone sends.
async fn value(header: impl Into<SecurityHeader>) -> (String, String) {
    let mut headers = plain(&SecurityHeadersLayer::none().header(header)).await;
    assert_eq!(headers.len(), 1, "{headers:?}");
    headers.remove(0)
}

async fn assert_values<H: Into<SecurityHeader>>(name: &str, expected: Vec<(H, &str)>) {
    for (header, text) in expected {
        assert_eq!(value(header).await, (name.to_owned(), text.to_owned()));
    }
}

#[tokio::test]
async fn the_small_headers_have_every_value_there_is() {
    let frames = vec![(FrameOptions::Deny, "DENY"), (FrameOptions::SameOrigin, "SAMEORIGIN")];
    assert_values("x-frame-options", frames).await;
    let prefetch = vec![(DnsPrefetch::On, "on"), (DnsPrefetch::Off, "off")];
    assert_values("x-dns-prefetch-control", prefetch).await;
    let clusters = vec![(OriginAgentCluster::On, "?1"), (OriginAgentCluster::Off, "?0")];
    assert_values("origin-agent-cluster", clusters).await;
    let cross_domain = vec![
        (CrossDomainPolicies::None, "none"),
        (CrossDomainPolicies::MasterOnly, "master-only"),
        (CrossDomainPolicies::ByContentType, "by-content-type"),
        (CrossDomainPolicies::All, "all"),
    ];
    assert_values("x-permitted-cross-domain-policies", cross_domain).await;
}

#[tokio::test]
async fn cross_origin_policies_have_every_value_there_is() {
    let coep = vec![
        (Coep::RequireCorp, "require-corp"),
        (Coep::Credentialless, "credentialless"),
        (Coep::UnsafeNone, "unsafe-none"),
    ];
    assert_values("cross-origin-embedder-policy", coep).await;
    let coop = vec![
        (Coop::SameOrigin, "same-origin"),
        (Coop::SameOriginAllowPopups, "same-origin-allow-popups"),
        (Coop::NoopenerAllowPopups, "noopener-allow-popups"),
        (Coop::UnsafeNone, "unsafe-none"),
    ];
    assert_values("cross-origin-opener-policy", coop).await;
    let corp = vec![
        (Corp::SameOrigin, "same-origin"),
        (Corp::SameSite, "same-site"),
        (Corp::CrossOrigin, "cross-origin"),
    ];
    assert_values("cross-origin-resource-policy", corp).await;
}

#[tokio::test]
async fn trials_stand_beside_what_is_enforced() {
    let layer = SecurityHeadersLayer::helmet()
        .header(Csp::api().report_only())
        .header(Coep::UnsafeNone)
        .header(ReportOnly(Coep::RequireCorp))
        .header(ReportOnly(Coop::NoopenerAllowPopups));
    for (name, value) in [
        ("content-security-policy-report-only", Csp::api().to_string()),
        ("content-security-policy", Csp::helmet().to_string()),
        ("cross-origin-embedder-policy", "unsafe-none".into()),
        ("cross-origin-embedder-policy-report-only", "require-corp".into()),
        ("cross-origin-opener-policy", "same-origin".into()),
        ("cross-origin-opener-policy-report-only", "noopener-allow-popups".into()),
    ] {
        assert_eq!(header(&layer, name).await, Some(value), "{name}");
    }
}

#[tokio::test]
async fn endpoints_are_named_once_for_all_that_report_to_them() {
    let main = Endpoint::new("main", "https://reports.example.com/a").unwrap();
    let own = Endpoint::new("own", "/reports").unwrap();
    let csp = Csp::builder().default_src("'none'").report_to(main.clone()).build().unwrap();
    let layer = SecurityHeadersLayer::none()
        .header(csp)
        .header(ReportOnly(Coop::SameOrigin.report_to(main.clone())))
        .header(Coep::RequireCorp.report_to(own));
    assert_eq!(
        plain(&layer).await,
        owned(&[
            ("content-security-policy", "default-src 'none';report-to main"),
            ("cross-origin-embedder-policy", "require-corp; report-to=\"own\""),
            ("cross-origin-opener-policy-report-only", "same-origin; report-to=\"main\""),
            ("reporting-endpoints", "main=\"https://reports.example.com/a\", own=\"/reports\""),
        ])
    );
}

#[tokio::test]
async fn referrer_policies_are_tokens_or_lists_of_them() {
    for policy in ReferrerPolicy::ALL {
        assert_eq!(value(policy).await, ("referrer-policy".into(), policy.as_str().into()));
    }
    let list = [ReferrerPolicy::NoReferrer, ReferrerPolicy::Unset, ReferrerPolicy::UnsafeUrl];
    assert_eq!(value(list).await.1, "no-referrer,,unsafe-url");
}

#[tokio::test]
async fn hsts_says_what_it_was_told() {
    let two_years = Duration::from_secs(63_072_000);
    let hsts = vec![
        (Hsts::new(), "max-age=31536000; includeSubDomains"),
        (Hsts::new().include_subdomains(false), "max-age=31536000"),
        (Hsts::new().max_age(Duration::ZERO), "max-age=0; includeSubDomains"),
        (Hsts::new().max_age(Duration::from_millis(1999)), "max-age=1; includeSubDomains"),
        (
            Hsts::new().max_age(two_years).preload(true),
            "max-age=63072000; includeSubDomains; preload",
        ),
    ];
    assert_values("strict-transport-security", hsts).await;
}

#[test]
fn the_age_of_hsts_is_bounded_by_name() {
    let most = (1 << 53) - 1;
    let of = |age| SecurityHeadersLayer::try_new([Hsts::new().max_age(age).into()]);
    assert!(of(Duration::from_secs(most)).is_ok());
    for age in [Duration::from_secs(most + 1), Duration::MAX] {
        let error = of(age).unwrap_err().to_string();
        assert!(error.contains("strict-transport-security: max-age must be at most"), "{error}");
    }
}

#[tokio::test]
async fn permissions_are_denied_or_listed() {
    let policy = PermissionsPolicy::new()
        .deny(Feature::Camera)
        .allow_all(Feature::Fullscreen)
        .allow(Feature::Geolocation, ["self", "https://maps.example.com"])
        .allow(Feature::Camera, ["self"]);
    assert_eq!(
        value(policy).await.1,
        "camera=(self), fullscreen=*, geolocation=(self \"https://maps.example.com\")"
    );
    let all = value(PermissionsPolicy::deny_all()).await.1;
    assert_eq!(all.matches("=()").count(), Feature::ALL.len());
    assert!(all.starts_with("accelerometer=(), ambient-light-sensor=(), "));
}

#[tokio::test]
async fn cache_control_and_clear_site_data_have_their_forms() {
    let hour = Duration::from_secs(3600);
    let policies = vec![
        (CacheControl::no_store(), "no-store"),
        (CacheControl::no_cache(), "no-cache"),
        (CacheControl::private(hour), "private, max-age=3600"),
        (CacheControl::public(hour).immutable(), "public, max-age=3600, immutable"),
    ];
    assert_values("cache-control", policies).await;
    assert_eq!(ClearSiteData::everything().header_value(), "\"*\"");
    let all = ClearSiteData::default().cache().cookies().cookies().storage().execution_contexts();
    assert_eq!(all.header_value(), "\"cache\", \"cookies\", \"storage\", \"executionContexts\"");
}
