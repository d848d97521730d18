//! The documented order of the server stack, together with the layers of tower-http.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod everywhere;
#[macro_use]
mod order;
mod responses;
mod trace_layer;
