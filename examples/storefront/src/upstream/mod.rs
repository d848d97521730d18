//! The services that this one calls.
//!
//! Nothing here mentions a request id: [`PropagateLayer`] around each client puts the id of the request
//! that is being answered on every call made meanwhile.
//!
//! [`PropagateLayer`]: battlement::request_id::PropagateLayer

mod inventory;
mod payments;

use std::{future::Future, time::Duration};

pub use self::{inventory::Inventory, payments::Payments};
use crate::shop::Refused;

/// Gives a call up after a while: a service that hangs must not make this one hang.
async fn within<T>(
    limit: Duration,
    upstream: &'static str,
    call: impl Future<Output = Result<T, Refused>>,
) -> Result<T, Refused> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(Refused::TimedOut(upstream)))
}
