//! Copies of calls of HTTP and gRPC, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod copied;
mod drops;
mod failures;
mod grpc;
mod limits;
mod measured;
mod nested;
#[cfg(feature = "reqwest")]
mod reqwest;
mod support;
