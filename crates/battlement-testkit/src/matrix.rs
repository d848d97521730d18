//! The 18 ways in which an HTTP request can end, over HTTP/1 and HTTP/2.
//!
//! A layer that works until the end of a response (metrics, an access log, a drain, a concurrency limit) must notice
//! the end of each request exactly once, even if hyper never polls the body or drops it after its last byte, if the
//! handler panics, or if the client disconnects. A test wraps [`Responses`] in the layer, and compares what the layer
//! has recorded with the fields of the [`Way`].
//!
//! # Example
//!
//! A concurrency limit gets all of its permits back:
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

/// The duration of slow requests: those with a slow body, and those that the client ends.
pub const SLOW: Duration = Duration::from_millis(60);
