//! The limit of one call, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod against_tower;
#[cfg(feature = "http")]
mod answers;
mod expiry;
mod readiness;
#[cfg(feature = "http")]
mod route;
