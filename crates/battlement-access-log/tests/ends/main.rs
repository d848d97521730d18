//! Each way in which a request ends has one record with its outcome.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod bodies;
mod dropped;
mod grpc;
#[path = "../log/mod.rs"]
mod log;
mod streams;
