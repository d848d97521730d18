//! Whole shutdowns in paused time, through the public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin;
mod admin_thread;
mod course;
mod edges;
mod hooks;
mod servers;
#[cfg(feature = "serde")]
mod settings;
mod trigger;
