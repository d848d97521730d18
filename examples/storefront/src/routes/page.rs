//! The page for browsers: three files, kept in the program so that it needs no other at hand.

use axum::{http::header::CONTENT_TYPE, response::IntoResponse};

const HTML: &str = include_str!("../../page/index.html");
const CSS: &str = include_str!("../../page/shop.css");
const JS: &str = include_str!("../../page/shop.js");

pub async fn html() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], HTML)
}

pub async fn css() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], CSS)
}

pub async fn js() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], JS)
}
