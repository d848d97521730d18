//! Tests the behavior of the peers' limits that COMPARE.md describes, and ours under the same conditions.
#![allow(missing_docs, reason = "a test")]

mod algorithm;
mod body;
mod layering;
mod queue;
mod readiness;
mod rejection;

use std::{convert::Infallible, future::pending, pin::Pin, time::Duration};

use futures_util::FutureExt as _;
use tower_resilience_adaptive::{AdaptiveLimiterLayer, Aimd};
use tower_resilience_bulkhead::BulkheadConfigBuilder;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) async fn answers(_: ()) -> Result<(), Infallible> {
    Ok(())
}

pub(crate) async fn hangs(_: ()) -> Result<(), Infallible> {
    pending().await
}

/// Returns tower-resilience's bulkhead with this limit.
pub(crate) fn bulkhead(limit: usize) -> BulkheadConfigBuilder {
    tower_resilience_bulkhead::BulkheadLayer::builder().max_concurrent_calls(limit)
}

/// Returns tower-resilience's adaptive limit, which begins with this value.
pub(crate) fn aimd(limit: usize) -> AdaptiveLimiterLayer<Aimd> {
    AdaptiveLimiterLayer::new(Aimd::builder().initial_limit(limit).build().unwrap())
}

/// A call in flight.
pub(crate) type Call<T, E> = Pin<Box<dyn Future<Output = Result<T, E>>>>;

/// Polls a call once, and returns it unless it has ended.
pub(crate) fn begin<T, E>(
    call: impl Future<Output = Result<T, E>> + 'static,
) -> Result<Call<T, E>, Result<T, E>> {
    let mut call: Call<T, E> = Box::pin(call);
    match call.as_mut().now_or_never() {
        Some(result) => Err(result),
        None => Ok(call),
    }
}
