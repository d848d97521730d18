//! Security headers under axum, hyper and tonic, over real sockets: on every response, and none of them twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod grpc;
mod https;
mod isolation;
mod servers;
