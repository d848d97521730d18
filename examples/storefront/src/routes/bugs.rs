//! Routes that fail on purpose, to see what a bug looks like from outside and in the log. Mounted where
//! `STOREFRONT_BUGS` is `true`; a copy of this folder can do without them.

use axum::{Router, routing::get};
use battlement::problem::Problem;

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/bugs/error", get(error)).route("/bugs/panic", get(panic))
}

/// By `?` every error is a bug: its text was not written for customers.
async fn error() -> Result<(), Problem> {
    std::fs::read_to_string("/nowhere/prices-of-the-competition.csv")?;
    Ok(())
}

async fn panic() {
    let prices: [u32; 0] = [];
    let cheapest = prices.iter().min().expect("somebody sells mugs");
    tracing::info!(cheapest, "never reached");
}
