//! The settings of the layer and of its routes decide which records are written, and how.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fields;
mod filters;
mod headers;
#[path = "../log/mod.rs"]
mod log;
mod routes;
