//! TLS, with clients of rustls on Unix sockets, in paused time.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod handshake;
mod listeners;
mod pem;
mod replaced;
mod served;
