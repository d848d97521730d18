//! Error texts that are not UTF-8, or not text.

use std::convert::Infallible;

use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use crate::exchange::{Answer, ID, send};

async fn of(status: u16, content_type: &str, body: &'static [u8]) -> Answer {
    send(ProblemLayer::new(), &[], async |_| {
        let response = Response::builder().status(status).header("content-type", content_type);
        Ok::<_, Infallible>(response.body(Full::from(Bytes::from_static(body))).unwrap())
    })
    .await
}

const UTF_16: &[u8] = b"n\0o\0t\0 \0h\0e\0r\0e\0";

#[tokio::test]
async fn text_in_another_charset_is_left_out_with_a_log_line() {
    for (content_type, body) in [
        ("text/plain; charset=utf-16le", UTF_16),
        ("text/plain; charset=\"UTF-16BE\"", b"\0n\0o"),
        ("text/plain;charset=iso-8859-1", b"caf\xe9"),
        ("text/plain; format=flowed; CHARSET=Windows-1252", b"\x93quoted\x94"),
        ("text/plain; charset=ebcdic-us", b"abc"),
        ("text/plain", b"caf\xe9"),
        ("text/plain", UTF_16),
    ] {
        let answer = of(404, content_type, body).await;
        assert_eq!(answer.json().get("detail"), None, "{content_type}");
        assert!(!answer.text().contains("u0000"), "{content_type}: {}", answer.text());
        let line = answer.log.lines().find(|line| line.contains("charset"));
        let line = line.unwrap_or_else(|| panic!("{content_type}: {}", answer.log));
        assert!(line.contains(ID), "{line}");
    }
}

#[tokio::test]
async fn private_text_in_another_charset_is_left_out_with_a_log_line() {
    let answer = of(500, "text/plain; charset=utf-16le", UTF_16).await;
    assert_eq!(answer.status(), 500);
    assert!(answer.log.contains("charset") && !answer.log.contains('\0'), "{}", answer.log);
}

#[tokio::test]
async fn text_in_utf_8_or_in_the_ascii_of_an_older_charset_becomes_the_detail() {
    for content_type in [
        "text/plain",
        "text/plain; charset=utf-8",
        "text/plain; charset=\"UTF-8\"; format=flowed",
        "text/plain;charset=utf8",
        "text/plain; charset=us-ascii",
        "text/plain; charset=ISO-8859-1",
        "text/plain; charset=windows-1252",
    ] {
        let answer = of(404, content_type, b"not here").await;
        assert_eq!(answer.json()["detail"], "not here", "{content_type}");
        assert_eq!(answer.log, "", "{content_type}");
    }
    let answer = of(404, "text/plain; charset=utf-8", "\u{feff}caf\u{e9}".as_bytes()).await;
    assert_eq!(answer.json()["detail"], "caf\u{e9}");
}
