//! Calls of HTTP and gRPC through the layer, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod ends;
mod grpc;
mod released;
mod repeated;
#[cfg(feature = "tonic")]
mod status_errors;
mod support;
mod waits;
