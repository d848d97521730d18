//! A nonce costs nothing until it is read, and then stands where it must.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use std::convert::Infallible;

use battlement_security_headers::{Csp, CspNonce, Header, SecurityHeadersLayer, Source};
use http::{HeaderMap, Request, Response};
use tower::{Layer, ServiceExt, service_fn};

use crate::answering::{answer, https};

fn policy(headers: &HeaderMap) -> &str {
    headers["content-security-policy"].to_str().unwrap()
}

fn reading(request: &Request<()>) -> Response<&'static str> {
    let nonce = CspNonce::of(request).unwrap().to_string();
    Response::builder().header("x-nonce", nonce).body("").unwrap()
}

#[tokio::test]
async fn a_nonce_that_was_read_stands_in_the_policy_and_the_answer_is_not_stored() {
    let layer = SecurityHeadersLayer::html();
    let headers = answer(&layer, https(), |request| reading(&request)).await;
    let nonce = headers["x-nonce"].to_str().unwrap();
    assert_eq!(nonce.len(), 22);
    let policy = policy(&headers);
    let scripts = format!(";script-src 'nonce-{nonce}' 'strict-dynamic';");
    let styles = format!(";style-src 'self' 'nonce-{nonce}';");
    assert!(policy.contains(&scripts) && policy.contains(&styles), "{policy}");
    assert_eq!(headers["cache-control"], "no-store");
}

#[tokio::test]
async fn no_two_answers_have_the_same_nonce() {
    let layer = SecurityHeadersLayer::html();
    let one = answer(&layer, https(), |request| reading(&request)).await;
    let other = answer(&layer, https(), |request| reading(&request)).await;
    assert_ne!(one["x-nonce"], other["x-nonce"]);
}

#[tokio::test]
async fn an_answer_without_a_nonce_may_be_stored() {
    let headers = answer(&SecurityHeadersLayer::html(), https(), |request| {
        // Having it is not reading it.
        let _nonce = CspNonce::of(&request).unwrap();
        Response::new("")
    })
    .await;
    assert!(!policy(&headers).contains("nonce") && !policy(&headers).contains("strict-dynamic"));
    assert!(!headers.contains_key("cache-control"));
}

#[tokio::test]
async fn the_cache_control_of_the_handler_is_kept() {
    let layer = SecurityHeadersLayer::html();
    let headers = answer(&layer, https(), |request| {
        let mut response = reading(&request);
        response.headers_mut().insert("cache-control", "private".parse().unwrap());
        response
    })
    .await;
    assert_eq!(headers["cache-control"], "private");
}

#[tokio::test]
async fn the_answer_that_a_page_is_unchanged_has_no_policy_to_replace_the_page_s() {
    let layer = SecurityHeadersLayer::html().header(Csp::api().report_only());
    for read in [false, true] {
        let headers = answer(&layer, https(), |request| {
            let response = if read { reading(&request) } else { Response::new("") };
            let (mut parts, body) = response.into_parts();
            parts.status = http::StatusCode::NOT_MODIFIED;
            Response::from_parts(parts, body)
        })
        .await;
        assert!(!headers.contains_key("content-security-policy"));
        assert!(headers.contains_key("content-security-policy-report-only"), "it has no nonce");
        assert!(headers.contains_key("x-content-type-options"));
    }
}

#[tokio::test]
async fn a_policy_without_nonces_offers_none() {
    answer(&SecurityHeadersLayer::helmet(), https(), |request| {
        assert!(CspNonce::of(&request).is_none());
        Response::new("")
    })
    .await;
}

/// Returns the policy of a response whose handler has not read its nonce.
async fn unread(sources: &[&str]) -> String {
    let list: battlement_security_headers::SourceList = sources.iter().copied().collect();
    let csp = Csp::builder().default_src("'self'").script_src(list).build().unwrap();
    let layer = SecurityHeadersLayer::none().header(csp);
    let headers = answer(&layer, https(), |_| Response::new("")).await;
    policy(&headers).strip_prefix("default-src 'self';script-src ").unwrap().to_owned()
}

#[tokio::test]
async fn sources_that_a_nonce_overrules_stay_ineffective_without_it() {
    let hash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
    assert_eq!(unread(&["'nonce'", "'unsafe-inline'"]).await, "'none'");
    assert_eq!(unread(&["'nonce'", "'unsafe-inline'", "https:"]).await, "https:");
    let fallbacks = ["'nonce'", "'strict-dynamic'", "'unsafe-inline'", "https:", "'self'"];
    assert_eq!(unread(&fallbacks).await, "'none'");
    assert_eq!(unread(&["'nonce'", "'report-sha256'", "https:"]).await, "'report-sha256' https:");
    assert_eq!(unread(&["'nonce'", "'report-sha256'"]).await, "'none'");
    assert_eq!(
        unread(&["'nonce'", "'strict-dynamic'", hash, "https:"]).await,
        format!("'strict-dynamic' {hash}")
    );
}

/// Returns the headers of a response that passes `inner` and `outer`.
async fn of_two(
    outer: SecurityHeadersLayer,
    inner: SecurityHeadersLayer,
    handler: impl Fn(Request<()>) -> Response<&'static str>,
    group: impl Fn(CspNonce, Response<&'static str>) -> Response<&'static str>,
) -> HeaderMap {
    let (handler, group) = (&handler, &group);
    let inner = inner.layer(service_fn(|request| async { Ok::<_, Infallible>(handler(request)) }));
    let between = service_fn(|request: Request<()>| {
        let (nonce, inner) = (CspNonce::of(&request).unwrap(), inner.clone());
        async move { Ok::<_, Infallible>(group(nonce, inner.oneshot(request).await.unwrap())) }
    });
    outer.layer(between).oneshot(https()).await.unwrap().into_parts().0.headers
}

#[tokio::test]
async fn two_layers_use_the_nonce_that_is_already_in_the_request() {
    let html = SecurityHeadersLayer::html;
    for outer in [html(), html().force([Header::Csp]), html().header(Csp::html().report_only())] {
        let headers = of_two(outer, html(), |request| reading(&request), |_, answer| answer).await;
        let nonce = format!("'nonce-{}'", headers["x-nonce"].to_str().unwrap());
        let policies = headers.iter().filter(|(name, _)| name.as_str().starts_with("content-sec"));
        for (name, policy) in policies {
            assert!(policy.to_str().unwrap().contains(&nonce), "{name}: {policy:?}");
        }
        assert_eq!(headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_group_that_reads_the_nonce_beside_its_handler_reads_the_same() {
    let html = SecurityHeadersLayer::html;
    let group = |nonce: CspNonce, answer: Response<&'static str>| {
        assert_eq!(nonce.as_str(), answer.headers()["x-nonce"].to_str().unwrap());
        answer
    };
    of_two(html(), html(), |request| reading(&request), group).await;
}

#[tokio::test]
async fn an_answer_that_replaces_the_inner_layer_s_may_still_read_the_nonce() {
    let html = SecurityHeadersLayer::html;
    let error_page = |nonce: CspNonce, _| {
        Response::builder().header("x-nonce", nonce.as_str()).body("an error page").unwrap()
    };
    let headers = of_two(html(), html(), |_| Response::new(""), error_page).await;
    let nonce = format!("'nonce-{}'", headers["x-nonce"].to_str().unwrap());
    assert_eq!(nonce.len(), 30, "{nonce}");
    assert!(policy(&headers).contains(&nonce), "{headers:?}");
}

#[tokio::test]
async fn an_unchecked_source_beside_a_nonce_is_left_out_without_it() {
    let list = [Source::NONCE, Source::unchecked("'next'").unwrap(), "https:".parse().unwrap()];
    let csp = Csp::builder().default_src("'self'").script_src(list).build().unwrap();
    let layer = SecurityHeadersLayer::none().header(csp);
    let headers = answer(&layer, https(), |_| Response::new("")).await;
    assert_eq!(policy(&headers), "default-src 'self';script-src https:");
    let headers = answer(&layer, https(), |request| reading(&request)).await;
    assert!(policy(&headers).ends_with(" 'next' https:"), "{headers:?}");
}
