//! Rate limits under axum, hyper and tonic, over real sockets, with clients that forge headers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod servers;
mod spoofing;
