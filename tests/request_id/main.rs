//! Request ids and trace context under axum, hyper and tonic, through real clients, over real sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod concurrent;
mod proxies;
mod servers;
mod services;
mod trace_context;
