//! Every response of the stack in its documented order.

use std::io::Write as _;

use battlement_testkit::{
    client::{Collected, Http1, Http2},
    server::Server,
};
use bytes::Bytes;
use http::{HeaderValue, Request, header, request::Builder};
use http_body_util::Full;
use tower::BoxError;

use crate::order::{LARGEST_BODY, ORIGIN, QUOTA, axum, hyper};

fn from_browser(path: &str) -> Builder {
    Request::get(path)
        .header(header::ORIGIN, ORIGIN)
        .header(header::HOST, "api.example")
        .header(header::ACCEPT, "application/json")
}

fn empty(request: Builder) -> Request<Full<Bytes>> {
    request.body(Full::default()).unwrap()
}

async fn send(server: &Server, request: Request<Full<Bytes>>) -> Result<Collected, BoxError> {
    let mut client = Http1::connect(server.addr()).await?;
    Ok(Collected::of(client.send(request).await?).await?)
}

/// Checks the headers that a browser needs to read a response, and the ones that every response has.
#[track_caller]
fn check(response: &Collected, status: u16) {
    assert_eq!(response.status, status, "{}", response.text());
    assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN), "{status}");
    assert_eq!(response.header("access-control-expose-headers"), Some("x-request-id"), "{status}");
    assert!(response.header("x-request-id").is_some(), "{status}: no id");
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{status}");
    let policy = response.header("content-security-policy");
    assert!(policy.is_some_and(|policy| policy.starts_with("default-src 'none'")), "{status}");
    if status >= 400 {
        let content_type = response.header("content-type");
        assert_eq!(content_type, Some("application/problem+json"), "{status}");
        assert!(response.text().contains(response.header("x-request-id").unwrap()), "{status}");
    }
}

#[tokio::test]
async fn a_500_by_panic_has_the_cors_headers_the_id_and_the_security_headers()
-> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        check(&send(&server, empty(from_browser("/panic"))).await?, 500);
    }
    Ok(())
}

#[tokio::test]
async fn a_404_has_the_cors_headers_the_id_and_the_security_headers() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        check(&send(&server, empty(from_browser("/nowhere"))).await?, 404);
    }
    Ok(())
}

#[tokio::test]
async fn a_429_has_the_cors_headers_the_id_and_the_security_headers() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let mut client = Http1::connect(server.addr()).await?;
        for _ in 0..QUOTA {
            let hello = client.send(empty(from_browser("/hello"))).await?;
            check(&Collected::of(hello).await?, 200);
        }
        let rejected = Collected::of(client.send(empty(from_browser("/hello"))).await?).await?;
        check(&rejected, 429);
        assert!(rejected.header("retry-after").is_some());
    }
    Ok(())
}

#[tokio::test]
async fn a_504_by_timeout_has_the_cors_headers_the_id_and_the_security_headers()
-> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        check(&send(&server, empty(from_browser("/hang"))).await?, 504);
    }
    Ok(())
}

#[tokio::test]
async fn a_413_by_body_limit_has_the_cors_headers_the_id_and_the_security_headers()
-> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let body = Full::from(vec![b'a'; LARGEST_BODY + 1]);
        check(&send(&server, from_browser("/echo").body(body)?).await?, 413);
    }
    Ok(())
}

#[tokio::test]
async fn a_preflight_has_the_id_and_the_security_headers_and_uses_no_quota() -> Result<(), BoxError>
{
    for server in [hyper().await, axum().await] {
        let mut client = Http1::connect(server.addr()).await?;
        for _ in 0..=QUOTA {
            let preflight = from_browser("/hello")
                .method("OPTIONS")
                .header("access-control-request-method", "PUT");
            let response = Collected::of(client.send(empty(preflight)).await?).await?;
            check_preflight(&response);
        }
        check(&send(&server, empty(from_browser("/hello"))).await?, 200);
    }
    Ok(())
}

#[track_caller]
fn check_preflight(response: &Collected) {
    assert_eq!(response.status, 200);
    assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(response.header("access-control-allow-methods"), Some("PUT"));
    assert!(response.header("x-request-id").is_some());
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn bodies_are_compressed_and_decompressed_and_paths_normalized() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let text = "some text ".repeat(20);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes())?;
        let request = from_browser("/echo/")
            .header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
            .body(Full::from(encoder.finish()?))?;
        let plain = send(&server, request).await?;
        check(&plain, 200);
        assert_eq!(plain.text(), text);

        let hello = empty(from_browser("/hello/").header(header::ACCEPT_ENCODING, "gzip"));
        let compressed = send(&server, hello).await?;
        check(&compressed, 200);
        assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    }
    Ok(())
}

#[tokio::test]
async fn the_same_stack_answers_over_http_2() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let mut client = Http2::connect(server.addr()).await?;
        for (path, status) in [("/hello", 200), ("/panic", 500), ("/nowhere", 404)] {
            let request = Request::get(format!("http://api.example{path}"))
                .header(header::ORIGIN, ORIGIN)
                .header(header::ACCEPT, "application/json");
            check(&Collected::of(client.send(empty(request)).await?).await?, status);
        }
    }
    Ok(())
}
