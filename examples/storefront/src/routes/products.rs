use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use battlement::problem::Problem;
use serde::Serialize;

use crate::{
    catalog::{self, PRODUCTS, Product},
    problem,
    shop::Shop,
};

/// The list of products. As an object, not a bare array, it has room for more fields, such as the next page.
#[derive(Serialize)]
pub struct Products {
    products: &'static [Product],
}

/// A product with its stock.
#[derive(Serialize)]
pub struct InStock {
    #[serde(flatten)]
    product: &'static Product,
    /// The pieces left, or `null` if that is not known.
    stock: Option<u32>,
}

pub async fn list() -> Json<Products> {
    Json(Products { products: &PRODUCTS })
}

pub async fn show(
    State(shop): State<Arc<Shop>>,
    Path(id): Path<String>,
) -> Result<Json<InStock>, Problem> {
    let product = catalog::product(&id).ok_or_else(problem::unknown_product)?;
    let stock = shop.stock(product.id).await.ok();
    Ok(Json(InStock { product, stock }))
}
