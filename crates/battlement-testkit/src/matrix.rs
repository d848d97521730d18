//! The 18 ways in which an HTTP request can end, over HTTP/1 and HTTP/2.
//!
//! A layer that works until the end of a response (metrics, an access log, a drain, a concurrency limit) must notice
//! each of them exactly once: also a body that hyper never polls, a body that it drops after its last byte, a panic, and
//! a client that disconnects. A test wraps [`Responses`] in the layer, and compares what the layer has recorded with
//! what the [`Way`] promises.
//!
//! # Example
//!
//! A concurrency limit has all of its permits back:
//!
//! ```
//! use std::sync::Arc;
//! use battlement_testkit::matrix::Way;
//! use tokio::sync::Semaphore;
//! use tower::{Layer, limit::GlobalConcurrencyLimitLayer};
//!
//! # #[tokio::main]
//! # async fn main() {
//! for (way, protocol) in Way::each() {
//!     let permits = Arc::new(Semaphore::new(10));
//!     let layer = GlobalConcurrencyLimitLayer::with_semaphore(permits.clone());
//!     way.run(protocol, |responses| layer.layer(responses), || permits.available_permits() == 10).await;
//! }
//! # }
//! ```

mod responses;
mod send;
mod way;

pub use self::{
    responses::{Responses, ResponsesFuture},
    way::{End, Way},
};

use std::time::Duration;

/// The duration of the requests that take time: a slow body, and those that the client ends.
pub const SLOW: Duration = Duration::from_millis(60);
