//! The headers that the layer changes on responses, and those that it keeps.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use battlement_core::{ClientIp, RequestFacts, Scheme, Via};
use battlement_security_headers::{
    Corp, Csp, Directive, Endpoint, FrameOptions, Header, Hsts, SecurityHeadersLayer,
    SecurityPatch, Source, When,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use tower::{Layer, ServiceExt, layer::layer_fn, service_fn};

use crate::answering::{answer, http, https};

const STRICT: &str = "default-src 'none'; sandbox";

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

fn with(headers: &[(&str, &str)]) -> Response<&'static str> {
    let mut response = Response::new("");
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

#[tokio::test]
async fn a_route_s_own_policy_stays_and_nothing_is_sent_twice() {
    let layer = SecurityHeadersLayer::helmet();
    let headers = answer(&layer, https(), |_| {
        with(&[("content-security-policy", STRICT), ("x-frame-options", "DENY")])
    })
    .await;
    assert_eq!(values(&headers, "content-security-policy"), [STRICT]);
    assert_eq!(values(&headers, "x-frame-options"), ["DENY"]);
    assert_eq!(headers.len(), 12);
}

#[tokio::test]
async fn a_route_may_have_two_policies_of_its_own() {
    let layer = SecurityHeadersLayer::helmet();
    let own = [("content-security-policy", STRICT), ("content-security-policy", "img-src *")];
    let headers = answer(&layer, https(), |_| with(&own)).await;
    assert_eq!(values(&headers, "content-security-policy"), [STRICT, "img-src *"]);
}

#[tokio::test]
async fn every_other_header_of_the_answer_stays_with_all_its_values() {
    let layer = SecurityHeadersLayer::helmet();
    let own = [("set-cookie", "a=1"), ("content-type", "text/html"), ("set-cookie", "b=2")];
    let headers = answer(&layer, https(), |_| with(&own)).await;
    assert_eq!(values(&headers, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(values(&headers, "content-type"), ["text/html"]);
    assert_eq!(headers.len(), 12 + 3);
}

#[tokio::test]
async fn a_forced_header_stands_in_the_place_of_the_route_s() {
    let layer = SecurityHeadersLayer::helmet().force([Header::FrameOptions, Header::Corp]);
    let own = [("x-frame-options", "ALLOWALL"), ("referrer-policy", "unsafe-url")];
    let headers = answer(&layer, https(), |_| with(&own)).await;
    assert_eq!(values(&headers, "x-frame-options"), ["SAMEORIGIN"]);
    assert_eq!(values(&headers, "referrer-policy"), ["unsafe-url"]);
}

#[tokio::test]
async fn headers_that_name_the_program_are_removed_and_more_if_configured() {
    let own = [
        ("server", "shop/1.2"),
        ("x-powered-by", "PHP/5"),
        ("x-aspnet-version", "4"),
        ("via", "x"),
    ];
    let more = HeaderName::from_static("x-aspnet-version");
    let layer = SecurityHeadersLayer::none().remove([more]);
    let headers = answer(&layer, https(), |_| with(&own)).await;
    assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["via"]);
    let layer = layer.keep(&http::header::SERVER);
    let headers = answer(&layer, https(), |_| with(&own)).await;
    assert_eq!(values(&headers, "server"), ["shop/1.2"]);
}

#[tokio::test]
async fn hsts_and_upgrades_are_for_https_or_for_always() {
    let html = SecurityHeadersLayer::html();
    let headers = answer(&html, http(), |_| Response::new("")).await;
    assert!(!headers.contains_key("strict-transport-security"));
    assert!(!headers["content-security-policy"].to_str().unwrap().contains("upgrade"));
    let headers = answer(&html, https(), |_| Response::new("")).await;
    assert!(headers.contains_key("strict-transport-security"));
    assert!(headers["content-security-policy"].to_str().unwrap().contains("upgrade"));

    let always = SecurityHeadersLayer::none().header(Hsts::new().when(When::Always));
    let headers = answer(&always, http(), |_| Response::new("")).await;
    assert!(headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn the_scheme_of_a_trusted_proxy_takes_precedence_over_the_connection() {
    let layer = SecurityHeadersLayer::none().header(Hsts::new());
    for (scheme, request, sent) in [
        (Some(Scheme::Https), http(), true),
        (Some(Scheme::Http), https(), false),
        (None, https(), true),
        (None, http(), false),
    ] {
        let mut request = request;
        let mut client = ClientIp::new([192, 0, 2, 1].into(), Via::Header);
        client.scheme = scheme;
        RequestFacts::of_or_start(&mut request).set_client(client);
        let headers = answer(&layer, request, |_| Response::new("")).await;
        assert_eq!(headers.contains_key("strict-transport-security"), sent, "{scheme:?}");
    }
}

#[tokio::test]
async fn an_https_uri_brings_neither_hsts_nor_upgrades() {
    let request = Request::get("https://shop.example/").body(()).unwrap();
    let headers = answer(&SecurityHeadersLayer::html(), request, |_| Response::new("")).await;
    assert!(!headers.contains_key("strict-transport-security"));
    assert!(!headers["content-security-policy"].to_str().unwrap().contains("upgrade"));
}

#[tokio::test]
async fn a_grpc_answer_gets_what_means_something_there() {
    let request = || {
        let mut request = https();
        *request.method_mut() = Method::POST;
        let grpc = HeaderValue::from_static("application/grpc+proto");
        request.headers_mut().insert("content-type", grpc);
        request
    };
    for layer in [SecurityHeadersLayer::helmet(), SecurityHeadersLayer::html()] {
        let patched = |_| SecurityPatch::new().header(FrameOptions::Deny).on(Response::new(""));
        let headers = answer(&layer, request(), patched).await;
        let names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["strict-transport-security", "x-content-type-options"]);
    }
}

#[tokio::test]
async fn a_patch_replaces_and_drops_and_adds_for_one_answer() {
    let layer = SecurityHeadersLayer::helmet().force([Header::Corp]);
    let patched = |_: Request<()>| {
        SecurityPatch::new()
            .header(Corp::CrossOrigin)
            .header(Csp::api().report_only())
            .without(Header::FrameOptions)
            .on(Response::new(""))
    };
    let headers = answer(&layer, https(), patched).await;
    assert_eq!(values(&headers, "cross-origin-resource-policy"), ["cross-origin"]);
    assert_eq!(values(&headers, "content-security-policy-report-only"), [Csp::api().to_string()]);
    assert!(!headers.contains_key("x-frame-options"));

    let headers = answer(&layer, https(), |_| Response::new("")).await;
    assert_eq!(values(&headers, "cross-origin-resource-policy"), ["same-origin"]);
    assert_eq!(values(&headers, "x-frame-options"), ["SAMEORIGIN"]);
}

#[tokio::test]
async fn a_patch_relaxes_one_directive_of_the_policy() {
    let patched = |_: Request<()>| {
        SecurityPatch::new()
            .allow(Directive::ImgSrc, "https://tiles.example.com".parse().unwrap())
            .allow(Directive::FrameSrc, "https://video.example.com".parse().unwrap())
            .allow(Directive::ObjectSrc, "'self'".parse().unwrap())
            .on(Response::new(""))
    };
    let headers = answer(&SecurityHeadersLayer::helmet(), https(), patched).await;
    let [policy] = values(&headers, "content-security-policy")[..] else { panic!("{headers:?}") };
    for part in [
        ";img-src 'self' data: https://tiles.example.com;",
        ";frame-src 'self' https://video.example.com",
        ";object-src 'self';",
    ] {
        assert!(policy.contains(part), "{part} is not in {policy}");
    }
}

#[tokio::test]
async fn a_patch_that_allows_nothing_or_what_is_allowed_keeps_the_policy() {
    let patched = |_: Request<()>| {
        SecurityPatch::new()
            .allow(Directive::ImgSrc, Source::SELF)
            .allow(Directive::ObjectSrc, Source::NONE)
            .allow(Directive::Sandbox, Source::SELF)
            .on(Response::new(""))
    };
    let headers = answer(&SecurityHeadersLayer::helmet(), https(), patched).await;
    assert_eq!(values(&headers, "content-security-policy"), [Csp::helmet().to_string()]);
}

#[tokio::test]
async fn a_patch_brings_its_endpoint_along() {
    let patched = |_: Request<()>| {
        let endpoint = Endpoint::new("route", "/reports").unwrap();
        let csp = Csp::builder().default_src("'none'").report_to(endpoint).build().unwrap();
        SecurityPatch::new().header(csp).on(Response::new(""))
    };
    let headers = answer(&SecurityHeadersLayer::helmet(), https(), patched).await;
    assert_eq!(values(&headers, "reporting-endpoints"), ["route=\"/reports\""]);
}

#[tokio::test]
async fn two_layers_agree_and_send_nothing_twice() {
    let patched = service_fn(async |_: Request<()>| {
        let response = SecurityPatch::new().without(Header::Corp).on(Response::new(""));
        Ok::<_, std::convert::Infallible>(response)
    });
    let twice = layer_fn(|service| {
        SecurityHeadersLayer::helmet().layer(SecurityHeadersLayer::api().layer(service))
    });
    let response = twice.layer(patched).oneshot(https()).await.unwrap();
    let headers = response.headers();
    assert_eq!(values(headers, "content-security-policy"), [Csp::api().to_string()]);
    assert!(!headers.contains_key("cross-origin-resource-policy"));
    assert_eq!(headers.keys_len(), headers.len());
}

#[tokio::test]
async fn switched_off_it_changes_nothing() {
    let layer = SecurityHeadersLayer::helmet().enabled(false);
    let headers = answer(&layer, https(), |_| with(&[("server", "shop")])).await;
    assert_eq!(headers.len(), 1);
}
