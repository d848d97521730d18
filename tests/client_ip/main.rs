//! The client's address under axum, hyper and tonic, over TCP and Unix sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod responses;
mod tcp;
#[cfg(unix)]
mod unix;
