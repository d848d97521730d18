use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use battlement::{
    circuit_breaker::{FallbackLayer, RequestHead},
    metrics::circuit_breaker::BreakerCounts,
    problem::Problem,
};
use bytes::Bytes;
use http::{
    Response,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde::Serialize;

use crate::{
    catalog::{self, PRODUCTS, Product},
    problem,
    shop::Shop,
};

/// The list of products. As an object, not a bare array, it has room for more fields, such as the next page.
#[derive(Serialize)]
struct Products {
    products: &'static [Product],
}

/// A product with its stock.
#[derive(Serialize)]
struct InStock {
    #[serde(flatten)]
    product: &'static Product,
    /// The pieces left, or `null` if that is not known.
    stock: Option<u32>,
}

pub fn router(inventory: BreakerCounts) -> Router<Arc<Shop>> {
    // A customer can read about a product while inventory is unavailable. The header `battlement-fallback` has the reason.
    let fallback =
        FallbackLayer::closure(|head, _| without_stock(head)).header(true).observe(inventory);
    Router::new().route("/products", get(list)).route("/products/{id}", get(show).layer(fallback))
}

async fn list() -> Json<Products> {
    Json(Products { products: &PRODUCTS })
}

async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
) -> Result<Json<InStock>, Problem> {
    let product = catalog::product(&id).ok_or_else(problem::unknown_product)?;
    let stock = shop.stock(product.id).await?;
    Ok(Json(InStock { product, stock: Some(stock) }))
}

/// Returns the product of a request whose stock is not known.
fn without_stock(head: &RequestHead<'_>) -> Option<Response<Bytes>> {
    let (_, id) = head.uri.path().rsplit_once('/')?;
    let product = catalog::product(id)?;
    let body = serde_json::to_vec(&InStock { product, stock: None }).ok()?;
    let mut response = Response::new(body.into());
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Some(response)
}
