//! Errors and panics under axum, hyper and tonic, through real clients and sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod axum;
mod broken;
mod fault;
mod grpc;
mod matrix;
