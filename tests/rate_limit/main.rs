//! Rate limits as a whole: under axum, hyper and tonic, over real sockets, by clients that may lie.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod servers;
mod spoofing;
