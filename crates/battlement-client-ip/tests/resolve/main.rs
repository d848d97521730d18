//! Who the client of a request is, asked through the layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod model;
mod notices;
mod table;
