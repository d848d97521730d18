//! Routes that fail on purpose, to show a bug in the response and in the log. They are mounted if `STOREFRONT_BUGS` is
//! `true`; a copy of this folder does not need them.

use axum::{Router, routing::get};
use battlement::problem::Problem;

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/bugs/error", get(error)).route("/bugs/panic", get(panic))
}

/// Returns an error by `?`, which is a bug: the text of the error was not written for customers.
async fn error() -> Result<(), Problem> {
    std::fs::read_to_string("/missing/competitor-prices.csv")?;
    Ok(())
}

async fn panic() {
    let prices: [u32; 0] = [];
    let cheapest = prices.iter().min().expect("at least one competitor sells mugs");
    tracing::info!(cheapest, "cheapest competitor");
}
