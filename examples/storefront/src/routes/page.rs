//! The page for browsers: three files that are compiled into the program.

use axum::{
    http::header::CONTENT_TYPE,
    response::{Html, IntoResponse},
};
use battlement::security_headers::CspNonce;

const HTML: &str = include_str!("../../page/index.html");
const CSS: &str = include_str!("../../page/shop.css");
const JS: &str = include_str!("../../page/shop.js");

/// Returns the page. The extractor of the nonce adds it to the policy of the response, and marks the response as not
/// cacheable.
pub async fn html(nonce: CspNonce) -> Html<String> {
    Html(HTML.replace("{nonce}", nonce.as_str()))
}

pub async fn css() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], CSS)
}

pub async fn js() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], JS)
}
