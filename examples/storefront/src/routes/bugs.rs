//! Routes that fail on purpose, to show a bug in the response and in the log. They are mounted if `STOREFRONT_BUGS` is
//! `true`; a copy of this folder does not need them.

use std::{thread, time::Duration};

use axum::{Router, http::StatusCode, routing::get};
use battlement::problem::Problem;
use tokio::{runtime::Handle, task::JoinSet};

/// The time for which `/bugs/block` blocks all workers.
const BLOCK: Duration = Duration::from_secs(3);

pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/bugs/error", get(error))
        .route("/bugs/panic", get(panic))
        .route("/bugs/block", get(block))
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

/// Blocks every worker of the runtime, as code does that waits without `.await`.
async fn block() -> StatusCode {
    let workers = Handle::current().metrics().num_workers();
    tracing::info!("blocking {workers} workers");
    // Each task blocks the worker that polls it, and this handler waits for all of them.
    let mut tasks: JoinSet<()> = (0..workers).map(|_| async { block_worker() }).collect();
    while tasks.join_next().await.is_some() {}
    StatusCode::NO_CONTENT
}

// Not `expect`, which would warn in a copy of this folder, where no `clippy.toml` bans the function.
#[allow(clippy::disallowed_methods, reason = "this route blocks a worker on purpose")]
fn block_worker() {
    thread::sleep(BLOCK);
}
