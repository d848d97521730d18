//! The limit of one call, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod against_tower;
mod expiry;
mod readiness;
mod route;
