//! A writer emits whole lines, counts those it loses, and never blocks a request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cancelled;
#[path = "../log/mod.rs"]
mod log;
mod lost;
mod outputs;
mod subscriber;
mod thread;
