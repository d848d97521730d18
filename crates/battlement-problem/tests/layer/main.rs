//! The behavior of the layer, through its public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accept;
mod bare;
mod charset;
mod errors;
mod exchange;
mod forms;
mod grpc;
mod hostile;
#[cfg(feature = "hyper")]
mod hyper;
mod panics;
mod replaced;
mod returned;
#[cfg(feature = "tower")]
mod tower;
