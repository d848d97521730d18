//! The ready-made checks against real servers, files and sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod disk_space;
#[cfg(feature = "http")]
mod http;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "http")]
mod server;
mod tcp;
