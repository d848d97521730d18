//! Sends arbitrary text with an error: the text of a 4xx appears escaped in every format, and that of a 5xx does not.
#![no_main]

mod answering;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn answer(status: u16, headers: &[(header::HeaderName, &str)], body: &[u8]) -> Response<Bytes> {
    let mut request = Request::builder().method(Method::POST);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let response = Response::builder().status(status).body(Bytes::copy_from_slice(body));
    let request = request.body(()).expect("a request");
    let answer = answering::answer(request, response.expect("a response"));
    assert!(answer.status() == status || answer.headers().contains_key("grpc-status"));
    answer
}

fn detail(answer: &Response<Bytes>) -> Option<String> {
    let problem: Value = serde_json::from_slice(answer.body()).expect("JSON");
    problem.get("detail").map(|detail| detail.as_str().expect("a text").to_owned())
}

/// Decodes `grpc-message`.
fn message(headers: &HeaderMap) -> String {
    let mut encoded = headers["grpc-message"].to_str().expect("ASCII").bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = encoded.next() {
        let mut digit = || char::from(encoded.next().expect("two digits"));
        bytes.push(match byte {
            b'%' => u8::from_str_radix(&String::from_iter([digit(), digit()]), 16).expect("hex"),
            byte => byte,
        });
    }
    String::from_utf8(bytes).expect("a text")
}

/// Returns the printable characters of the text.
fn printable(text: &str) -> String {
    text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect()
}

fn unescaped(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    html.replace("&#39;", "'").replace("&amp;", "&")
}

fn is_told(text: &str, body: &[u8]) {
    assert_eq!(detail(&answer(404, &[], body)).as_deref(), Some(text));
    let plain = answer(404, &[(header::ACCEPT, "text/plain")], body);
    let plain = answering::told(&plain).1;
    assert_eq!(plain, format!("404 Not Found\n{}\n", printable(text)));

    let page = answer(404, &[(header::ACCEPT, "text/html")], body);
    let page = answering::told(&page).1;
    let (_, rest) = page.split_once("</h1>\n<p>").expect("a paragraph");
    let inside = rest.strip_suffix("</p>\n").expect("the end of the paragraph");
    assert!(!inside.contains(['<', '>', '"', '\'']), "{page}");
    assert_eq!(unescaped(inside), printable(text));

    let grpc = answer(404, &[(header::CONTENT_TYPE, "application/grpc")], body);
    assert_eq!(message(grpc.headers()), text);
}

fn is_kept(body: &[u8]) {
    let bare = |accept| answer(503, &[(header::ACCEPT, accept)], b"");
    for accept in ["*/*", "text/plain", "text/html"] {
        assert_eq!(answer(503, &[(header::ACCEPT, accept)], body).body(), bare(accept).body());
    }
    let grpc = answer(503, &[(header::CONTENT_TYPE, "application/grpc")], body);
    assert_eq!(message(grpc.headers()), "Service Unavailable");
}

fuzz_target!(|body: &[u8]| {
    is_kept(body);
    if body.len() > 4096 {
        assert_eq!(answer(404, &[], body).body(), body);
        return;
    }
    match str::from_utf8(body).map(str::trim) {
        Ok(text) if !text.is_empty() => is_told(text, body),
        _ => assert_eq!(detail(&answer(404, &[], body)), None),
    }
});
