//! The client of a request, as the layer resolves it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod model;
mod requests;
mod table;
mod warnings;
