//! The products of the shop.

use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Product {
    pub id: &'static str,
    pub name: &'static str,
    pub price_cents: u32,
}

pub static PRODUCTS: [Product; 4] = [
    Product { id: "mug", name: "Mug, stoneware", price_cents: 1_200 },
    Product { id: "teapot", name: "Teapot, cast iron", price_cents: 3_800 },
    Product { id: "kettle", name: "Kettle, whistling", price_cents: 6_450 },
    Product { id: "samovar", name: "Samovar, brass", price_cents: 42_000 },
];

pub fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}
