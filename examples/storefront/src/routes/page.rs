//! The page for browsers: three files, kept in the program so that it needs no other at hand.

use axum::{
    http::header::CONTENT_TYPE,
    response::{Html, IntoResponse},
};
use battlement::security_headers::CspNonce;

const HTML: &str = include_str!("../../page/index.html");
const CSS: &str = include_str!("../../page/shop.css");
const JS: &str = include_str!("../../page/shop.js");

/// Reading the nonce puts it into the answer's policy, and keeps the answer out of caches.
pub async fn html(nonce: CspNonce) -> Html<String> {
    Html(HTML.replace("{nonce}", nonce.as_str()))
}

pub async fn css() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], CSS)
}

pub async fn js() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], JS)
}
