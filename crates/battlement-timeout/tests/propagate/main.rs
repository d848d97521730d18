//! The remaining time on calls to other services.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod calls;
mod expiry;
mod grpc;
mod http_calls;
mod proxied;
#[cfg(feature = "reqwest")]
mod reqwest_calls;
mod tries;
