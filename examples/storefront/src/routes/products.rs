use axum::{Json, extract::Path};
use battlement::problem::Problem;
use serde::Serialize;

use crate::{
    catalog::{self, PRODUCTS, Product},
    problem,
};

/// The list of products. As an object, not a bare array, it has room for more fields, such as the next page.
#[derive(Serialize)]
pub struct Products {
    products: &'static [Product],
}

pub async fn list() -> Json<Products> {
    Json(Products { products: &PRODUCTS })
}

pub async fn show(Path(id): Path<String>) -> Result<Json<&'static Product>, Problem> {
    let product = catalog::product(&id);
    product.map(Json).ok_or_else(problem::unknown_product)
}
