//! The probes over HTTP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod formats;
mod hostile;
mod instance;
mod layer;
mod sockets;
mod withheld;
