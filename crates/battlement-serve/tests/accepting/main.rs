//! Connections over real sockets, up to each limit.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod limits;
mod listeners;
mod running;
