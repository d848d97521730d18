//! Problems under axum: answers of handlers, and axum's own rejections.
#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::{
    Form, Json, Router,
    body::{Body, to_bytes},
    extract::{
        DefaultBodyLimit, Extension, Path, Query,
        rejection::{
            ExtensionRejection, FormRejection, JsonRejection, PathRejection, QueryRejection,
        },
    },
    routing::{get, post},
};
use battlement_problem::{Problem, ProblemLayer, method_not_allowed, not_found};
use http::{Method, Request, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "items")]
    _items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "a/b~c")]
    _quantity: u32,
}

async fn place(order: Result<Json<Order>, JsonRejection>) -> Result<(), Problem> {
    let _order = order?;
    Ok(())
}

async fn list(query: Result<Query<Page>, QueryRejection>) -> Result<(), Problem> {
    let _page = query?;
    Ok(())
}

async fn search(form: Result<Form<Page>, FormRejection>) -> Result<(), Problem> {
    let _page = form?;
    Ok(())
}

#[derive(Deserialize)]
struct Page {
    #[serde(rename = "page")]
    _page: u32,
}

async fn show(id: Result<Path<u32>, PathRejection>) -> Result<(), Problem> {
    let _id = id?;
    Ok(())
}

async fn misbuilt(config: Result<Extension<u32>, ExtensionRejection>) -> Result<(), Problem> {
    let _config = config?;
    Ok(())
}

async fn raw(_: Json<Order>) {}

fn app() -> Router {
    Router::new()
        .route("/orders", post(place))
        .route("/raw", post(raw))
        .route("/search", post(search))
        .route("/products", get(list))
        .route("/products/{id}", get(show))
        .route("/misbuilt", get(misbuilt))
        .layer(DefaultBodyLimit::max(64))
}

async fn ask(
    app: Router,
    method: Method,
    path: &str,
    content_type: &str,
    body: &str,
) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content_type);
    let response = app.oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    assert_eq!(parts.headers[CONTENT_TYPE], "application/problem+json");
    let problem: Value = serde_json::from_slice(&to_bytes(body, 1 << 20).await.unwrap()).unwrap();
    assert_eq!(problem["status"], parts.status.as_u16());
    (parts.status.as_u16(), problem)
}

async fn posted(body: &str) -> (u16, Value) {
    ask(app(), Method::POST, "/orders", "application/json", body).await
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named_by_a_json_pointer() {
    let (status, problem) = posted(r#"{ "items": [{ "a/b~c": 1 }, { "a/b~c": "two" }] }"#).await;
    assert_eq!(status, 422);
    let detail = "invalid type: string \"two\", expected u32 at line 1 column 44";
    assert_eq!(problem["errors"], json!([{ "pointer": "/items/1/a~1b~0c", "detail": detail }]));
}

#[tokio::test]
async fn the_text_of_a_client_is_truncated() {
    let app = Router::new().route("/orders", post(place));
    let long = format!(r#"{{ "items": "{}" }}"#, "\u{e8}".repeat(100_000));
    let (status, problem) = ask(app, Method::POST, "/orders", "application/json", &long).await;
    assert_eq!(status, 422);
    for text in [&problem["detail"], &problem["errors"][0]["detail"]] {
        let text = text.as_str().unwrap();
        assert!(text.len() < 4200 && text.ends_with('…'), "{} bytes", text.len());
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_names_no_field() {
    let (status, problem) = posted("{ \"items\": [").await;
    assert_eq!(status, 400);
    assert_eq!(problem.get("errors"), None);
    assert!(problem["detail"].as_str().unwrap().contains("EOF"), "{problem}");
}

#[tokio::test]
async fn too_large_bodies_and_wrong_content_types_have_their_status() {
    assert_eq!(posted(&" ".repeat(65)).await.0, 413);
    let text = ask(app(), Method::POST, "/orders", "text/plain", "{}").await;
    assert_eq!((text.0, &text.1["code"]), (415, &json!("unsupported_media_type")));
}

#[tokio::test]
async fn fields_of_queries_paths_and_forms_are_named_too() {
    let (status, problem) = ask(app(), Method::GET, "/products?page=x", "", "").await;
    assert_eq!(status, 400);
    assert_eq!(problem["errors"][0]["pointer"], "/page");
    let (status, problem) = ask(app(), Method::GET, "/products/x", "", "").await;
    assert_eq!(status, 400);
    assert!(problem["detail"].as_str().unwrap().contains("`x`"), "{problem}");
    let form = "application/x-www-form-urlencoded";
    let (status, problem) = ask(app(), Method::POST, "/search", form, "page=x").await;
    assert_eq!(status, 422);
    assert_eq!(problem["errors"][0]["pointer"], "/page");
}

#[tokio::test]
async fn a_rejection_that_the_caller_did_not_cause_is_a_bug() {
    let (status, problem) = ask(app(), Method::GET, "/misbuilt", "", "").await;
    assert_eq!((status, &problem["code"]), (500, &json!("internal")));
    assert_eq!(problem.get("detail"), None);
}

#[tokio::test]
async fn the_layer_turns_the_responses_of_axum_itself_into_problems() {
    let app = || app().layer(ProblemLayer::new());
    let (status, problem) = ask(app(), Method::POST, "/raw", "application/json", "{}").await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("missing field `items`"), "{problem}");
    assert_eq!(ask(app(), Method::GET, "/nowhere", "", "").await.1["code"], "not_found");
    assert_eq!(ask(app(), Method::PUT, "/orders", "", "").await.1["code"], "method_not_allowed");
}

#[tokio::test]
async fn fallbacks_respond_with_problems_without_a_layer() {
    let app = || app().fallback(not_found).method_not_allowed_fallback(method_not_allowed);
    assert_eq!(ask(app(), Method::GET, "/nowhere", "", "").await.1["code"], "not_found");
    assert_eq!(ask(app(), Method::PUT, "/orders", "", "").await.1["code"], "method_not_allowed");
}

#[tokio::test]
async fn allow_stays_on_a_405() {
    let request =
        Request::builder().method(Method::PUT).uri("/orders").body(Body::empty()).unwrap();
    let response = app().layer(ProblemLayer::new()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
}
