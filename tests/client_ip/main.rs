//! Who the client is as a whole: under axum, hyper and tonic, over TCP and Unix sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tcp;
mod told;
#[cfg(unix)]
mod unix;
