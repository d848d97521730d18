//! The expected headers of each response.

use std::time::Duration;

use battlement_testkit::client::Collected;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Body;
use tower::BoxError;

/// The headers that Helmet sends with every response, and the start of each value.
const HEADERS: [(&str, &str); 12] = [
    ("content-security-policy", "default-src 'self';base-uri 'self';"),
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

/// Every path that the services below serve, with its status.
pub(crate) const PATHS: [(&str, u16); 8] = [
    ("/", 200),
    ("/nowhere", 404),
    ("/too-large", 413),
    ("/too-many", 429),
    ("/panic", 500),
    ("/overloaded", 503),
    ("/too-late", 504),
    ("/strict", 200),
];

/// A policy that a route sets for itself.
pub(crate) const STRICT: &str = "default-src 'none'; sandbox";

pub(crate) fn check(path: &str, status: u16, answer: &Collected) {
    assert_eq!(answer.status, status, "{path}");
    for (name, value) in HEADERS {
        let wanted =
            if (path, name) == ("/strict", "content-security-policy") { STRICT } else { value };
        let found = answer.header(name).unwrap_or_else(|| panic!("{path}: one {name}"));
        assert!(found.starts_with(wanted), "{path} {name}: {found}");
    }
    check_names(path, &answer.headers);
}

fn check_names(path: &str, headers: &HeaderMap) {
    assert_eq!(headers.len(), headers.keys_len(), "{path}: nothing twice in {headers:?}");
    for name in ["server", "x-powered-by"] {
        assert!(!headers.contains_key(name), "{path}: {name}");
    }
}

/// Responds, fails or panics, by path.
pub(crate) async fn serve<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, BoxError>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    let status = match request.uri().path() {
        "/" => StatusCode::OK,
        "/strict" => {
            return Ok(Response::builder()
                .header("content-security-policy", STRICT)
                .header("x-powered-by", "tests")
                .body(Full::default())?);
        }
        "/too-large" => match Limited::new(request.into_body(), 16).collect().await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
        },
        "/too-many" => StatusCode::TOO_MANY_REQUESTS,
        "/panic" => panic!("as it was told"),
        "/overloaded" => StatusCode::SERVICE_UNAVAILABLE,
        "/too-late" => match tokio::time::timeout(Duration::ZERO, std::future::pending()).await {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::GATEWAY_TIMEOUT,
        },
        _ => StatusCode::NOT_FOUND,
    };
    Ok(Response::builder().status(status).header("server", "tests/1.0").body(Full::default())?)
}
