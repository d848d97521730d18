//! Clients of the services that this one calls.
//!
//! No code here handles request ids: [`PropagateLayer`] around each client adds the id of the current request to every
//! call.
//!
//! [`PropagateLayer`]: battlement::request_id::PropagateLayer

mod inventory;
mod payments;

use std::{future::Future, time::Duration};

pub use self::{inventory::Inventory, payments::Payments};
use crate::shop::NotPlaced;

/// Cancels a call after `limit`, so that an upstream that hangs does not hang this service.
async fn within<T>(
    limit: Duration,
    upstream: &'static str,
    call: impl Future<Output = Result<T, NotPlaced>>,
) -> Result<T, NotPlaced> {
    tokio::time::timeout(limit, call).await.unwrap_or(Err(NotPlaced::TimedOut(upstream)))
}
