//! Security headers as a whole: on every answer under axum, hyper and tonic, over real sockets, and none
//! of them twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod grpc;
mod https;
mod isolation;
mod servers;
