//! The deadlines of requests and calls, in paused time.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arrival;
mod bodies;
mod calls;
mod disabled;
mod expiry;
mod panics;
mod served;
mod settings;
mod trust;
