//! Headers that describe a body that the layer replaces.

use std::convert::Infallible;

use battlement_problem::{Problem, ProblemLayer};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;

use crate::exchange::{Answer, answer, ask, send};

const OF_THE_BODY: [(&str, &str); 13] = [
    ("content-length", "7"),
    ("content-digest", "sha-256=:4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo=:"),
    ("repr-digest", "sha-256=:4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo=:"),
    ("digest", "sha-256=4REjxQ4yrqUVicfSKYNO/cF9zNj5ANbzgDZt3/h3Qxo="),
    ("content-md5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
    ("content-language", "de"),
    ("content-location", "/errors/404.de.txt"),
    ("content-disposition", "attachment"),
    ("content-range", "bytes 0-6/7"),
    ("etag", "\"7-1\""),
    ("last-modified", "Tue, 15 Nov 1994 12:45:26 GMT"),
    ("accept-ranges", "bytes"),
    ("trailer", "x-checksum"),
];

fn described(status: u16) -> Response<&'static str> {
    let mut response = Response::builder().status(status).header("x-own", "1");
    for (name, value) in OF_THE_BODY {
        response = response.header(name, value);
    }
    response.body("go away").unwrap()
}

fn describes_only_the_problem(answer: &Answer) {
    for (name, value) in OF_THE_BODY {
        assert_ne!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("x-own"), Some("1"));
}

#[tokio::test]
async fn the_metadata_of_a_replaced_body_goes_with_it() {
    let written = send(ProblemLayer::new(), &[], async |_| answer(described(404))).await;
    assert_eq!(written.json()["detail"], "go away");
    describes_only_the_problem(&written);
}

#[tokio::test]
async fn the_metadata_of_a_replaced_body_goes_with_it_for_head_and_grpc() {
    let request = || Request::builder().method(Method::HEAD).body(()).unwrap();
    let head = ask(ProblemLayer::new(), request(), async |_| answer(described(404))).await;
    describes_only_the_problem(&head);

    let request = Request::post("/").header("content-type", "application/grpc").body(()).unwrap();
    let grpc = ask(ProblemLayer::new(), request, async |_| answer(described(404))).await;
    assert_eq!(grpc.header("grpc-status"), Some("5"));
    describes_only_the_problem(&grpc);
}

#[tokio::test]
async fn content_range_stays_on_a_416() {
    let response = Response::builder().status(416).header("content-range", "bytes */1234");
    let response = response.header("accept-ranges", "bytes").body("").unwrap();
    let written = send(ProblemLayer::new(), &[], async |_| answer(response.clone())).await;
    assert_eq!(written.header("content-range"), Some("bytes */1234"));
    assert_eq!(written.header("accept-ranges"), None);
}

#[tokio::test]
async fn an_unchanged_body_keeps_its_metadata() {
    let mut response = described(404);
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/html"));
    let left = send(ProblemLayer::new(), &[], async |_| answer(response.clone())).await;
    for (name, value) in OF_THE_BODY {
        assert_eq!(left.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_header_that_was_set_on_the_problem_itself_stays() {
    let written = send(ProblemLayer::new(), &[], async |_| {
        let problem = Problem::of_status(StatusCode::PRECONDITION_FAILED)
            .header(header::ETAG, HeaderValue::from_static("\"now\""));
        let mut response = problem.response::<Full<Bytes>>();
        // Added as by a layer in between.
        let name = HeaderName::from_static("content-digest");
        response.headers_mut().insert(name, HeaderValue::from_static("sha-256=:AAAA:"));
        Ok::<_, Infallible>(response)
    });
    let written = written.await;
    assert_eq!(written.header("etag"), Some("\"now\""));
    assert_eq!(written.header("content-digest"), None);
}
